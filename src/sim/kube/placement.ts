/** Controllers, scheduler and IPAM in one: which pods there are, on which node and with which address. */
import { err, ok, type Result } from '../base/result.ts';
import { hash32 } from '../base/rng.ts';
import { same } from '../base/same.ts';
import type { Ip } from '../wire/ip.ts';
import type { ClusterNode, WaitingPod } from './cluster.ts';
import { type ClusterInput, type ClusterNote, PODS_MAX } from './cluster-input.ts';
import { familiesOf, inFamily, ipsOf } from './families.ts';
import { isPortConflict, noFreePortsText, portsOnNode, rejectedByKubelet } from './host-ports.ts';
import { hostLocal, joinIpams, type MakeIpam, type PodIpam } from './ipam.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { KubeObject, WorkloadObject } from './objects.ts';
import { changeObjects, isWorkload, objectRef } from './objects-merge.ts';
import { hasGeneratedName, podName } from './pod-names.ts';

export interface PlacedPod {
  readonly workload: WorkloadObject;
  readonly name: string;
  readonly node: string;
  /** One of each family of the cluster. */
  readonly ips: readonly Ip[];
}

export interface Placement {
  /** In the order in which they were created. */
  readonly pods: readonly PlacedPod[];
  /** On a node, and without an address. */
  readonly waiting: readonly WaitingPod[];
  readonly notes: readonly ClusterNote[];
  /** Nodes whose runtime has no CNI configuration. */
  readonly withoutConf: ReadonlySet<string>;
  /** What each node's address management holds. */
  readonly holdings: PodIpam['holdings'];
  /** The address management gave no address of the pod network. */
  readonly outsidePodCIDR: boolean;
}

/** A place that a workload fills with a pod. Only `workload` and `ips` change while the pod lives. */
interface LivePod {
  workload: WorkloadObject;
  readonly slot: string;
  readonly key: string;
  readonly name: string;
  readonly node: NodeSpace;
  /** It stands in every cluster, and does not count when a person's pods are placed. */
  readonly isApart: boolean;
  ips: readonly Ip[] | null;
}

interface NodeSpace {
  readonly index: number;
  readonly node: ClusterNode;
  pods: number;
  /** Without a CNI configuration the node is not ready, and the scheduler leaves it out. */
  hasConf: boolean;
  /** Pods here that hold a port of the node. */
  readonly holders: Set<LivePod>;
}

/** Pods of each owner (`Deployment default/web`), by the node's index. */
type OwnerCounts = Map<string, number[]>;

/** Names per place that are tried before a pod is given up. */
const NAME_ATTEMPTS_MAX = 1000;

/** Pods that the objects ask for on so many nodes. */
export function countPods(objects: readonly KubeObject[], nodes: number): number {
  return objects
    .filter(isWorkload)
    .reduce((sum, { kind, replicas = 1 }) => sum + (kind === 'DaemonSet' ? nodes : replicas), 0);
}

/** Replays how the cluster came to be, so that what is added or scaled later moves nothing that stands. */
export function placePods(input: ClusterInput, network: NetworkPlan, makeIpam: MakeIpam = hostLocal): Placement {
  const ipams = familiesOf(network).map((family, range) => makeIpam({ ...inFamily(network, family), range }));
  const system = new Map((input.system ?? []).map((object) => [objectRef(object), object]));
  const isSystem = (workload: WorkloadObject): boolean => system.get(objectRef(workload)) === workload;
  const board = makeBoard(network.nodes, joinIpams(ipams), isSystem);
  const reconcile = (objects: readonly KubeObject[]): void => board.reconcile(withSystem(objects, system));
  if (input.history === undefined) {
    reconcile(input.objects);
    for (const ref of input.deletedPods) board.deletePod(ref);
  } else {
    let objects: readonly KubeObject[] = [];
    for (const change of input.history) {
      objects = changeObjects(objects, change);
      if (change.type === 'ManifestsApplied') board.recreate(change.objects);
      if (change.type === 'CniConfRemoved' || change.type === 'CniConfRestored')
        board.setConf(change.node, change.type === 'CniConfRestored');
      if (change.type === 'PodDeleted') board.deletePod(change.ref);
      else reconcile(objects);
    }
  }
  reconcile(input.objects);
  return board.read();
}

/** What stands in every cluster comes last, where a person has not put an object of that name in its place. */
function withSystem(objects: readonly KubeObject[], system: ReadonlyMap<string, KubeObject>): readonly KubeObject[] {
  if (system.size === 0) return objects;
  const own = new Set(objects.map(objectRef));
  return [...objects, ...[...system].flatMap(([ref, object]) => (own.has(ref) ? [] : [object]))];
}

interface Board {
  /** Removes pods that nothing wants any more, then creates the missing ones in document order. */
  reconcile(objects: readonly KubeObject[]): void;
  /** Deletes a pod by `namespace/name`; its controller makes another one at once. A pod that is not there stays that way. */
  deletePod(ref: string): void;
  /** Whether the node's runtime has a CNI configuration. Pods that stand keep their network. */
  setConf(node: string, hasConf: boolean): void;
  /** Bare Pods that were deleted and are applied again come back. */
  recreate(objects: readonly KubeObject[]): void;
  read(): Placement;
}

type IsSystem = (workload: WorkloadObject) => boolean;

function makeBoard(nodes: readonly ClusterNode[], ipam: PodIpam, isSystem: IsSystem): Board {
  const spaces = nodes.map((node, index): NodeSpace => ({ index, node, pods: 0, hasConf: true, holders: new Set() }));
  const ownerCounts: OwnerCounts = new Map();
  const live = new Map<string, LivePod>();
  const byName = new Map<string, LivePod>();
  /** Names that a place has used up. */
  const attempts = new Map<string, number>();
  const goneForGood = new Set<string>();
  const failures = new Map<string, ClusterNote>();

  const create = (workload: WorkloadObject, slot: string, key: string): void => {
    const isApart = isSystem(workload);
    const choose = isApart && workload.kind !== 'DaemonSet' ? chooseApart : chooseNode;
    const chosen = choose(spaces, ownerCounts, workload, slot);
    const name = chosen.ok ? chooseName(workload, slot, key, attempts, byName) : null;
    if (!chosen.ok || name === null)
      return void failures.set(key, pendingNote(workload, chosen.ok ? nameTaken(workload, slot) : chosen.error));
    const pod: LivePod = { workload, slot, key, name, node: chosen.value, isApart, ips: null };
    pod.ips = addressesIn(pod, ipam);
    if (portsOnNode(workload).length > 0) pod.node.holders.add(pod);
    live.set(key, pod);
    byName.set(`${workload.namespace}/${name}`, pod);
    countPod(pod, ownerCounts, 1);
  };
  const remove = (pod: LivePod): void => {
    live.delete(pod.key);
    byName.delete(`${pod.workload.namespace}/${pod.name}`);
    countPod(pod, ownerCounts, -1);
    pod.node.holders.delete(pod);
    if (pod.ips !== null && !pod.workload.hostNetwork) ipam.release(pod.node.node.name, pod.ips);
  };
  /** kubelet tries again: an address that became free goes to the pod that has waited longest. */
  const retryWaiting = (): void => {
    for (const pod of live.values()) pod.ips ??= addressesIn(pod, ipam);
  };

  return {
    reconcile(objects) {
      const wanted = wantedSlots(objects, nodes);
      for (const pod of [...live.values()]) if (!wanted.has(pod.key)) remove(pod);
      for (const key of [...goneForGood]) if (!wanted.has(key)) goneForGood.delete(key);
      failures.clear();
      for (const [key, { workload, slot }] of wanted) {
        const standing = live.get(key);
        const isMoved = standing !== undefined && isOtherwiseOnNode(standing.workload, workload);
        if (isMoved) remove(standing);
        if (standing && !isMoved) standing.workload = workload;
        else if (!goneForGood.has(key)) create(workload, slot, key);
      }
      retryWaiting();
    },
    deletePod(ref) {
      const pod = byName.get(ref);
      if (!pod) return;
      remove(pod);
      attempts.set(pod.key, (attempts.get(pod.key) ?? 0) + 1);
      if (pod.workload.kind === 'Pod') goneForGood.add(pod.key);
      else create(pod.workload, pod.slot, pod.key);
      retryWaiting();
    },
    setConf(name, hasConf) {
      for (const space of spaces) if (space.node.name === name) space.hasConf = hasConf;
      retryWaiting();
    },
    recreate(objects) {
      for (const object of objects) if (object.kind === 'Pod') goneForGood.delete(slotKey(object, ''));
    },
    read: () => readBoard([...live.values()], [...failures.values()], spaces, ipam),
  };
}

/** Null: the plugin has none to give, or is not called at all. */
function addressesIn({ node: { node, hasConf }, workload, isApart }: LivePod, ipam: PodIpam): readonly Ip[] | null {
  if (workload.hostNetwork) return ipsOf(node);
  return hasConf ? ipam.take(node.name, isApart) : null;
}

/** pkg/kubelet/container/runtime.go `RuntimeStatus`, pkg/kubelet/kubelet.go `NetworkNotReadyErrorMsg`; the rest is containerd's. */
export const RUNTIME_NOT_READY =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';
const NETWORK_NOT_READY = `network is not ready: ${RUNTIME_NOT_READY}`;

function readBoard(
  live: readonly LivePod[],
  failures: readonly ClusterNote[],
  spaces: readonly NodeSpace[],
  ipam: PodIpam,
): Placement {
  const pods: PlacedPod[] = [];
  const waiting: WaitingPod[] = [];
  const notes = [...failures];
  for (const { workload, name, node, ips } of live) {
    if (ips !== null) {
      pods.push({ workload, name, node: node.node.name, ips });
      continue;
    }
    const error = node.hasConf ? ipam.exhausted(node.node.name) : NETWORK_NOT_READY;
    const { namespace } = workload;
    waiting.push({ namespace, name, node: node.node.name, owner: objectRef(workload), error });
    const text = `ContainerCreating on ${node.node.name}: ${error}`;
    notes.push({ kind: 'pending', ref: `Pod ${workload.namespace}/${name}`, text });
  }
  const withoutConf = new Set(spaces.filter(({ hasConf }) => !hasConf).map(({ node }) => node.name));
  const { holdings, outsidePodCIDR } = ipam;
  return { pods, waiting, notes, withoutConf, holdings, outsidePodCIDR };
}

function countPod({ node, workload, isApart }: LivePod, ownerCounts: OwnerCounts, by: 1 | -1): void {
  const owner = objectRef(workload);
  const counts = ownerCounts.get(owner) ?? [];
  counts[node.index] = (counts[node.index] ?? 0) + by;
  ownerCounts.set(owner, counts);
  if (!isApart) node.pods += by;
}

const slotKey = (workload: WorkloadObject, slot: string): string => `${objectRef(workload)} ${slot}`;

/** Every place to fill, in document order: replicas by number, one for each node for a DaemonSet. */
function wantedSlots(objects: readonly KubeObject[], nodes: readonly ClusterNode[]) {
  const wanted = new Map<string, { readonly workload: WorkloadObject; readonly slot: string }>();
  for (const workload of objects) {
    if (!isWorkload(workload)) continue;
    for (const slot of slotsOf(workload, nodes)) wanted.set(slotKey(workload, slot), { workload, slot });
  }
  return wanted;
}

function slotsOf(workload: WorkloadObject, nodes: readonly ClusterNode[]): readonly string[] {
  if (workload.kind === 'Pod') return [''];
  if (workload.kind === 'DaemonSet') return nodes.map((node) => node.name);
  return Array.from({ length: Math.min(workload.replicas ?? 1, PODS_MAX) }, (_, index) => String(index));
}

/** A pod that needs other ports of a node, or has become one of the host's, is another pod: it is placed anew. */
const isOtherwiseOnNode = (before: WorkloadObject, now: WorkloadObject): boolean =>
  before !== now && (before.hostNetwork !== now.hostNetwork || !same(portsOnNode(before), portsOnNode(now)));

/**
 * The node with the fewest pods of the same owner, then with the fewest pods, among those whose ports are free: what the default
 * scheduler's PodTopologySpread and balanced allocation come to for equal nodes. Between equals the real one draws lots; here a hash
 * of the names does, so that neighbours in a manifest do not always meet on one node. An error says why the pod waits.
 * SIMPLIFIED: requests, taints but one, affinity and kubelet's limit of 110 pods are not looked at.
 */
function chooseNode(
  spaces: readonly NodeSpace[],
  ownerCounts: OwnerCounts,
  workload: WorkloadObject,
  slot: string,
): Result<NodeSpace, string> {
  const isDaemon = workload.kind === 'DaemonSet';
  const named = isDaemon ? slot : workload.nodeName;
  if (named !== undefined) {
    const space = spaces.find(({ node }) => node.name === named);
    if (!space) return err(`nodeName ${workload.nodeName}: there is no such node`);
    // DaemonSets tolerate the taint's NoExecute effect, not its NoSchedule (pkg/controller/daemon/util).
    if (isDaemon && !space.hasConf) return err(notReadyText(spaces.length, 1));
    if (hasFreePorts(space, workload)) return ok(space);
    return err(isDaemon ? noFreePortsText(spaces.length, true) : rejectedByKubelet(named));
  }
  const counts = ownerCounts.get(objectRef(workload)) ?? [];
  const own = (space: NodeSpace): number => counts[space.index] ?? 0;
  let best: NodeSpace[] = [];
  for (const space of spaces) {
    if (!space.hasConf || !hasFreePorts(space, workload)) continue;
    const [leader] = best;
    const order = leader ? own(space) - own(leader) || space.pods - leader.pods : -1;
    if (order < 0) best = [space];
    else if (order === 0) best.push(space);
  }
  const winner = drawLots(best, workload);
  if (winner) return ok(winner);
  const tainted = spaces.filter(({ hasConf }) => !hasConf).length;
  return err(tainted > 0 ? notReadyText(spaces.length, tainted) : noFreePortsText(spaces.length, false));
}

/**
 * CoreDNS keeps away from itself (podAntiAffinity) and tolerates the control plane: the first nodes have it.
 * SIMPLIFIED: kubeadm starts both replicas on the control plane, as the only node that there is then.
 */
function chooseApart(
  spaces: readonly NodeSpace[],
  ownerCounts: OwnerCounts,
  workload: WorkloadObject,
): Result<NodeSpace, string> {
  const counts = ownerCounts.get(objectRef(workload)) ?? [];
  const own = ({ index }: NodeSpace): number => counts[index] ?? 0;
  const [best] = spaces.filter(({ hasConf }) => hasConf).sort((a, b) => own(a) - own(b) || a.index - b.index);
  return best ? ok(best) : err(notReadyText(spaces.length, spaces.length));
}

/** The scheduler's event (plugins/tainttoleration); the taint is the node lifecycle controller's. */
const notReadyText = (nodes: number, tainted: number): string =>
  `0/${nodes} nodes are available: ${tainted} node(s) had untolerated taint {node.kubernetes.io/not-ready: }`;

/** The scheduler's NodePorts plugin. It counts what pods declare; what the node's own programs listen on it does not know. */
function hasFreePorts(space: NodeSpace, workload: WorkloadObject): boolean {
  const wanted = portsOnNode(workload);
  if (wanted.length === 0) return true;
  return ![...space.holders].some((pod) => isPortConflict(wanted, portsOnNode(pod.workload)));
}

function drawLots(equals: readonly NodeSpace[], { namespace, name }: WorkloadObject): NodeSpace | undefined {
  if (equals.length < 2) return equals[0];
  const lot = (space: NodeSpace): number => hash32(`${namespace}/${name} ${space.node.name}`);
  return equals.reduce((best, space) => (lot(space) > lot(best) ? space : best));
}

/** A name that is free in the namespace, or null: a Pod or StatefulSet cannot choose another one. */
function chooseName(
  workload: WorkloadObject,
  slot: string,
  key: string,
  attempts: Map<string, number>,
  byName: ReadonlyMap<string, LivePod>,
): string | null {
  const from = attempts.get(key) ?? 0;
  const tries = hasGeneratedName(workload) ? NAME_ATTEMPTS_MAX : 1;
  for (let attempt = from; attempt < from + tries; attempt++) {
    const name = podName(workload, slot, attempt);
    if (byName.has(`${workload.namespace}/${name}`)) continue;
    attempts.set(key, attempt);
    return name;
  }
  return null;
}

const pendingNote = (workload: WorkloadObject, text: string): ClusterNote => ({
  kind: 'pending',
  ref: objectRef(workload),
  text,
});

function nameTaken(workload: WorkloadObject, slot: string): string {
  return `pods "${podName(workload, slot, 0)}" already exists: another object made a pod of that name`;
}
