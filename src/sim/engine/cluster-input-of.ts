import type { ClusterChange, ClusterInput } from '../kube/cluster-input.ts';
import { SYSTEM_OBJECTS } from '../kube/dns/cluster-dns.ts';
import { NODE_LOCAL_OBJECTS } from '../kube/dns/node-local.ts';
import { currentObjects } from '../scenario/changes.ts';
import { sizeOf } from '../scenario/normalise.ts';
import { enforcedObjects } from '../scenario/policy-switches.ts';
import type { ClusterSize, FaultEvent, ScenarioState } from '../scenario/scenario.ts';

/** What the cluster is built from: the objects as they were applied, then what was changed by hand, in its order. */
export function clusterInputOf(
  state: ClusterSize & Pick<ScenarioState, 'objects'>,
  changes: readonly FaultEvent[],
): ClusterInput {
  const isOrdered = changes.some(({ type }) => ORDERED.has(type));
  const { objects } = state;
  return {
    ...sizeOf(state),
    objects: enforcedObjects(currentObjects(objects, changes), changes),
    system: currentObjects(state.nodeLocalDns ? [...SYSTEM_OBJECTS, ...NODE_LOCAL_OBJECTS] : SYSTEM_OBJECTS, changes),
    deletedPods: changes.flatMap((c) => (c.type === 'PodDeleted' ? [c.ref] : [])),
    stoppedListeners: changes.flatMap((c) =>
      c.type === 'ListenerStopped' ? [{ ns: c.ns, proto: c.proto, port: c.port }] : [],
    ),
    readiness: changes.filter((c) => c.type === 'ReadinessSet'),
    ...(isOrdered && { history: historyOf(objects, changes) }),
  };
}

/** What comes after it finds other pods, so what came before it must have its place. */
const ORDERED: ReadonlySet<FaultEvent['type']> = new Set(['WorkloadScaled', 'CniConfRemoved', 'CniConfRestored']);

/** So that scaling moves no pod that stands. SIMPLIFIED: objects that were applied later count as applied before all changes. */
function historyOf(objects: ScenarioState['objects'], changes: readonly FaultEvent[]): readonly ClusterChange[] {
  const first: ClusterChange = { type: 'ManifestsApplied', objects, replace: true };
  return [
    first,
    ...changes.filter((c): c is Extract<FaultEvent, ClusterChange> => c.type === 'PodDeleted' || ORDERED.has(c.type)),
  ];
}
