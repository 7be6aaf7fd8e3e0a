/**
 * A CNI's daemon is a control loop, as a proxy is: stop it, and its node keeps what it wrote last. What the plugins write for each pod
 * goes on without it, where they can do their part alone; so a plan is put together from two, by who signs each object.
 */
import { once } from '../base/once.ts';
import type { CniAgent, CniDriver, Fragment, NodePlan } from '../drivers/contract.ts';
import { type Cluster, type ClusterPod, onPodNetwork, podNs } from '../kube/cluster.ts';
import { indexOf } from '../kube/cluster-index.ts';
import type { RuleOp } from '../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../linux/origin.ts';
import { isClusterEvent, seenAt } from '../scenario/changes.ts';
import type { ScenarioState } from '../scenario/scenario.ts';
import { ipamOf } from './ipam-of.ts';
import { clusterSeen } from './stopped-proxies.ts';
import type { StoppedAgent } from './world.ts';

/** Nothing for a CNI without a daemon. */
export function stoppedAgents(state: ScenarioState, present: Cluster, cni: CniDriver): readonly StoppedAgent[] {
  const agent = cni.agent?.(state.cni.mode);
  if (!agent) return [];
  return state.faults.flatMap((fault, at): readonly StoppedAgent[] => {
    if (fault.type !== 'AgentStopped') return [];
    const isPresent = fault.seen === undefined && !state.faults.slice(at).some(isClusterEvent);
    const seen = fault.seen ?? seenAt(state, at);
    const cluster = once(() => (isPresent ? present : clusterSeen(seen, ipamOf(cni, state.cni.mode))));
    return [
      {
        node: fault.node,
        label: agent.label,
        get cluster() {
          return cluster();
        },
      },
    ];
  });
}

/** Pods that came while the daemon was stopped, where the plugin cannot add one without it: they wait. */
export function withoutUnwired(cluster: Cluster, agents: readonly StoppedAgent[], agent: CniAgent | null): Cluster {
  const error = agent?.addError;
  if (error === undefined || agents.length === 0) return cluster;
  const byNode = new Map(agents.map((one) => [one.node, one]));
  const isWired = (pod: ClusterPod): boolean => {
    const stopped = byNode.get(pod.node);
    return (
      pod.hostNetwork || !stopped || stopped.cluster === null || indexOf(stopped.cluster).pod(podNs(pod)) !== undefined
    );
  };
  const late = cluster.pods.filter((pod) => !isWired(pod));
  if (late.length === 0) return cluster;
  const refs = new Set(late.map(podNs));
  return {
    ...cluster,
    pods: cluster.pods.filter(isWired),
    waiting: [
      ...(cluster.waiting ?? []),
      ...late.map(({ namespace, name, node, owner }) => ({ namespace, name, node, owner, error })),
    ],
    services: cluster.services.map((service) => ({
      ...service,
      ports: service.ports.map((port) => ({
        ...port,
        endpoints: port.endpoints.filter(({ pod }) => pod === undefined || !refs.has(pod)),
      })),
    })),
  };
}

/** The same driver, whose plans are stale on the nodes where its daemon is stopped. */
export function withStoppedAgents(cni: CniDriver, agents: readonly StoppedAgent[]): CniDriver {
  if (agents.length === 0) return cni;
  const byNode = new Map(agents.map((one) => [one.node, one]));
  return {
    ...cni,
    plan(cluster, node, mode, options) {
      const now = cni.plan(cluster, node, mode, options);
      const stopped = byNode.get(node.name);
      const agent = cni.agent?.(mode);
      const before = stopped?.cluster && indexOf(stopped.cluster).node(node.name);
      if (!stopped?.cluster || !agent || !before) return now;
      return stalePlan(now, cni.plan(onPodNetwork(stopped.cluster), before, mode, options), new Set(agent.signs));
    },
  };
}

type Signed = { readonly origin?: Origin };

function stalePlan(now: NodePlan, then: NodePlan, signs: ReadonlySet<string>): NodePlan {
  const isIts = ({ origin }: Signed): boolean => origin !== undefined && signs.has(origin.by);
  const mix = <T extends Signed>(fresh: readonly T[] = [], old: readonly T[] = []): readonly T[] => [
    ...old.filter(isIts),
    ...fresh.filter((one) => !isIts(one)),
  ];
  const devices = mix(now.node.devices, then.node.devices);
  const names = new Set(devices.map(({ name }) => name));
  // The plugin takes a pod's device away, and the kernel with it what went through it.
  const stands = (dev: string | undefined): boolean => dev === undefined || names.has(dev) || !wasOwn(then, dev);
  const rules = once(() => mixedRules(now.node.iptables ?? [], then.node.iptables ?? [], isIts));
  const rules6 = once(() => mixedRules(now.node.ip6tables ?? [], then.node.ip6tables ?? [], isIts));
  const node: Fragment = {
    ...now.node,
    devices,
    addresses: mix(now.node.addresses, then.node.addresses).filter(({ dev }) => stands(dev)),
    routes: mix(now.node.routes, then.node.routes).filter(({ dev }) => stands(dev)),
    neighbours: mix(now.node.neighbours, then.node.neighbours).filter(({ dev }) => stands(dev)),
    fdb: mix(now.node.fdb, then.node.fdb).filter(({ dev }) => stands(dev)),
    ipsets: mix(now.node.ipsets, then.node.ipsets),
    get iptables() {
      return rules();
    },
    get ip6tables() {
      return rules6();
    },
    ...staleBpf(now.node, then.node, stands),
  };
  // Its sockets went with the process.
  const { daemon: _gone, ...rest } = now;
  return { ...rest, node };
}

const wasOwn = ({ node }: NodePlan, dev: string): boolean => node.devices?.some(({ name }) => name === dev) === true;

/** Chains first, whoever made them: a rule needs its chain, and an empty chain changes nothing. */
function mixedRules(fresh: readonly RuleOp[], old: readonly RuleOp[], isIts: (signed: Signed) => boolean): RuleOp[] {
  const makes = (op: RuleOp): boolean => !('rule' in op);
  return [
    ...old.filter(makes),
    ...fresh.filter(makes),
    ...old.filter((op) => 'rule' in op && isIts(op.rule)),
    ...fresh.filter((op) => 'rule' in op && !isIts(op.rule)),
  ];
}

/** Maps and programs are the daemon's alone. */
function staleBpf(now: Fragment, then: Fragment, stands: (dev: string) => boolean): Pick<Fragment, 'bpf'> {
  if (!now.bpf || !then.bpf) return {};
  const attachments = then.bpf.attachments.filter(({ at }) => !('dev' in at) || stands(at.dev));
  return { bpf: { ...then.bpf, attachments } };
}
