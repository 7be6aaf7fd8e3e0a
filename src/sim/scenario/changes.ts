/**
 * The list of what was changed by hand since the objects were applied. It is kept short: what takes back the change before it leaves
 * no trace. Its order matters, because a stopped proxy has seen only what stands before it.
 */

import { same } from '../base/same.ts';
import { SYSTEM_OBJECTS } from '../kube/dns/cluster-dns.ts';
import type { KubeObject, WorkloadObject } from '../kube/objects.ts';
import { isWorkload, mergeObjects, objectRef, scalableObjects, scaleObjects } from '../kube/objects-merge.ts';
import { isPolicy } from '../kube/policy-objects.ts';
import { normaliseObject, sizeOf } from './normalise.ts';
import type { ClusterEvent, FaultEvent, ScenarioState, SeenCluster } from './scenario.ts';

/** What a change is added to. */
type Standing = Omit<SeenCluster, 'changes'>;
type Changes = readonly FaultEvent[];
/** A process on a node that was stopped: it knows only what it saw. */
export type StopEvent = Extract<FaultEvent, { type: 'ProxyStopped' | 'AgentStopped' }>;

export const isStop = (fault: FaultEvent): fault is StopEvent =>
  fault.type === 'ProxyStopped' || fault.type === 'AgentStopped';

type Of<Type extends FaultEvent['type']> = Extract<FaultEvent, { type: Type }>;

export const isClusterEvent = (fault: FaultEvent): fault is ClusterEvent =>
  fault.type === 'ReadinessSet' || fault.type === 'PolicySwitched' || movesPods(fault);

/** Where pods are depends on it, and on its place among the others. */
const movesPods = (fault: FaultEvent): fault is Exclude<ClusterEvent, { type: 'ReadinessSet' | 'PolicySwitched' }> =>
  fault.type === 'WorkloadScaled' ||
  fault.type === 'PodDeleted' ||
  fault.type === 'CniConfRemoved' ||
  fault.type === 'CniConfRestored';

/** The objects as they are wanted now: applied, then scaled by hand. */
export function currentObjects(objects: readonly KubeObject[], changes: Changes): readonly KubeObject[] {
  const scaled = changes.filter((change) => change.type === 'WorkloadScaled');
  if (scaled.length === 0) return objects;
  return scaled.reduce((now, { ref, replicas }) => scaleObjects(now, ref, replicas), objects).map(normaliseObject);
}

/** What a process that has read the first `count` changes knows of a state. */
export function seenAt(state: Standing & { readonly faults: Changes }, count: number): SeenCluster {
  return seenOf(state, state.faults.slice(0, count));
}

function seenOf(standing: Standing, changes: Changes): SeenCluster {
  const { objects, proxy } = standing;
  return { ...sizeOf(standing), objects, proxy, ...balancerIn(standing), changes: changes.filter(isClusterEvent) };
}

/** As it is written: what is there by default is not. */
const balancerIn = ({ balancer }: Standing): Pick<SeenCluster, 'balancer'> =>
  balancer && balancer.id !== NO_BALANCER ? { balancer } : {};

const NO_BALANCER = 'none';

/** Before something changes that stands outside the list: what is stopped keeps what it saw. */
export function freezeStopped(state: ScenarioState): ScenarioState {
  const freeze = (fault: FaultEvent, at: number): FaultEvent =>
    isStop(fault) ? { ...fault, seen: fault.seen ?? seenAt(state, at) } : fault;
  return { ...state, faults: state.faults.map(freeze) };
}

/** Adds the changes anew, until none of them says what is so anyway. */
export function settleChanges(state: ScenarioState): ScenarioState {
  return { ...state, faults: settle(state, state.faults) };
}

/** Ends: each round makes the list shorter, except the first one, which may also spell it out. */
function settle<Change extends FaultEvent>(standing: Standing, changes: readonly Change[]): readonly Change[] {
  const settled = changes.reduce<Changes>((kept, change) => addChange(standing, kept, change), []) as Change[];
  return same(settled, changes) ? settled : settle(standing, settled);
}

/**
 * Changes accumulate. A value set twice keeps the later one, what is down already stays so; but deleting twice is two deletions,
 * because equal lines may stand twice, and a StatefulSet's pod comes back under its name.
 */
export function addChange(standing: Standing, changes: Changes, change: FaultEvent): Changes {
  switch (change.type) {
    case 'SysctlSet':
    case 'MtuSet':
      return [...changes.filter((other) => !setsTheSame(other, change)), change];
    case 'ListenerStopped':
    case 'DeviceSetDown':
      return changes.some((other) => same(other, change)) ? changes : [...changes, change];
    case 'WorkloadScaled':
      return scalableObjects(withSystem(standing.objects), change.ref).reduce(
        (kept, workload) => addScaling(kept, workload, change.replicas),
        changes,
      );
    case 'ReadinessSet':
      return addReadiness(standing, changes, change);
    case 'PolicySwitched':
      return addSwitch(standing, changes, change);
    case 'CniConfRemoved':
    case 'CniConfRestored':
      return addConf(changes, change);
    case 'ProxyStopped':
    case 'AgentStopped':
      return addStop(standing, changes, change);
    default:
      return [...changes, change];
  }
}

/** The cluster's own objects, where a person has none of that name. */
const withSystem = (objects: readonly KubeObject[]): readonly KubeObject[] => mergeObjects(SYSTEM_OBJECTS, objects);

function setsTheSame(a: FaultEvent, b: FaultEvent): boolean {
  if (a.type === 'SysctlSet') return b.type === 'SysctlSet' && a.ns === b.ns && a.key === b.key;
  return a.type === 'MtuSet' && b.type === 'MtuSet' && a.ns === b.ns && a.dev === b.dev;
}

/** Scaling one workload again takes the place of the last time, unless something happened between that addresses depend on. */
function addScaling(changes: Changes, workload: WorkloadObject, replicas: number): Changes {
  const ref = objectRef(workload);
  const isIts = (change: FaultEvent): change is Of<'WorkloadScaled'> =>
    change.type === 'WorkloadScaled' && change.ref === ref;
  const last = changes.findLast((change) => movesPods(change) || isStop(change));
  const standing = last && isIts(last) ? changes.filter((change) => change !== last) : changes;
  const now = standing.findLast(isIts)?.replicas ?? workload.replicas ?? 1;
  return now === replicas ? standing : [...standing, { type: 'WorkloadScaled', ref, replicas }];
}

/** Setting it again takes the place of the last time, unless something was stopped between. */
function addReadiness({ objects }: Standing, changes: Changes, change: Of<'ReadinessSet'>): Changes {
  const stop = changes.findLastIndex(isStop);
  const standing = changes.filter(
    (other, at) => at < stop || other.type !== 'ReadinessSet' || other.ref !== change.ref,
  );
  const last = standing.findLast((other) => other.type === 'ReadinessSet');
  if (last && same(last, change)) return standing;
  const isAnyUnready =
    objects.some((object) => isWorkload(object) && object.ready === false) ||
    standing.some((other) => other.type === 'ReadinessSet' && !other.ready);
  return change.ready && !isAnyUnready ? standing : [...standing, change];
}

/** As readiness; of a policy that is gone nothing is kept. */
function addSwitch({ objects }: Standing, changes: Changes, change: Of<'PolicySwitched'>): Changes {
  if (!objects.some((object) => isPolicy(object) && objectRef(object) === change.ref)) return changes;
  const isIts = (other: FaultEvent): other is Of<'PolicySwitched'> =>
    other.type === 'PolicySwitched' && other.ref === change.ref;
  const stop = changes.findLastIndex(isStop);
  const standing = changes.filter((other, at) => at < stop || !isIts(other));
  return (standing.findLast(isIts)?.to ?? 'on') === change.to ? standing : [...standing, change];
}

/** Only what changes something is kept; putting the files back at once leaves no trace. */
function addConf(changes: Changes, change: Of<'CniConfRemoved' | 'CniConfRestored'>): Changes {
  const isIts = (other: FaultEvent): boolean =>
    (other.type === 'CniConfRemoved' || other.type === 'CniConfRestored') && other.node === change.node;
  const last = changes.findLast(isIts);
  if ((last?.type ?? 'CniConfRestored') === change.type) return changes;
  const latest = changes.findLast((other) => movesPods(other) || isStop(other));
  return last && last === latest ? changes.filter((other) => other !== last) : [...changes, change];
}

/** What is stopped already stays so. What it saw is kept only where it differs from what stands before the stop. */
function addStop(standing: Standing, changes: Changes, { type, node, seen }: StopEvent): Changes {
  if (changes.some((other) => other.type === type && other.node === node)) return changes;
  const plain: StopEvent = { type, node };
  if (!seen) return [...changes, plain];
  const objects = seen.objects.map(normaliseObject);
  const changed = settle({ ...seen, objects }, seen.changes);
  const kept: SeenCluster = { ...sizeOf(seen), objects, proxy: seen.proxy, ...balancerIn(seen), changes: changed };
  return [...changes, same(kept, seenOf(standing, changes)) ? plain : { ...plain, seen: kept }];
}
