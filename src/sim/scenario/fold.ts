import { never } from '../base/assert.ts';
import type { KubeObject } from '../kube/objects.ts';
import { BASE_STATE } from './defaults.ts';
import { isScalable, normaliseObject } from './normalise.ts';
import { same } from './same.ts';
import type { FaultEvent, Scenario, ScenarioEvent, ScenarioState } from './scenario.ts';

/** What a scenario says now: its events applied in order to the standard empty cluster. Objects come out normalised. */
export function foldScenario(scenario: Scenario): ScenarioState {
  return scenario.events.reduce(applyEvent, BASE_STATE);
}

function applyEvent(state: ScenarioState, event: ScenarioEvent): ScenarioState {
  switch (event.type) {
    case 'ClusterSized': {
      const { type: _, ...size } = event;
      return { ...state, ...size };
    }
    case 'ManifestsApplied':
      return { ...state, objects: applyObjects(event.replace ? [] : state.objects, event.objects) };
    case 'WorkloadScaled':
      return { ...state, objects: state.objects.map((object) => scale(object, event.ref, event.replicas)) };
    case 'CniChosen':
      return { ...state, cni: { id: event.cni, mode: event.mode } };
    case 'ProxyChosen':
      return { ...state, proxy: { id: event.proxy, mode: event.mode } };
    case 'ProbeSet':
      return { ...state, probe: event.probe };
    case 'SeedSet':
      return { ...state, seed: event.seed };
    case 'PodDeleted':
    case 'ListenerStopped':
    case 'DeviceSetDown':
    case 'RouteDeleted':
    case 'NeighbourDeleted':
    case 'FdbEntryDeleted':
    case 'RuleDeleted':
    case 'SysctlSet':
    case 'MtuSet':
      return { ...state, faults: addFault(state.faults, event) };
    default:
      return never(event, 'scenario event');
  }
}

/** `kind/namespace/name`: two objects with the same key are the same object. A Namespace stands in none. */
export function objectKey(object: KubeObject): string {
  return `${object.kind}/${object.kind === 'Namespace' ? '' : object.namespace}/${object.name}`;
}

/** Like `kubectl apply`: an object that stood is replaced where it stood, a new one comes last. */
function applyObjects(standing: readonly KubeObject[], applied: readonly KubeObject[]): KubeObject[] {
  const byKey = new Map(standing.map((object) => [objectKey(object), object]));
  for (const object of applied) byKey.set(objectKey(object), normaliseObject(object));
  return [...byKey.values()];
}

function scale(object: KubeObject, ref: string, replicas: number): KubeObject {
  if (object.kind === 'Service' || object.kind === 'Namespace' || !isScalable(object.kind)) return object;
  return `${object.namespace}/${object.name}` === ref ? normaliseObject({ ...object, replicas }) : object;
}

/**
 * Faults accumulate. A value set twice keeps the later one, what is down or gone already stays so; but deleting a line twice is
 * two deletions, because equal lines may stand twice.
 */
function addFault(faults: readonly FaultEvent[], fault: FaultEvent): FaultEvent[] {
  switch (fault.type) {
    case 'SysctlSet':
    case 'MtuSet':
      return [...faults.filter((other) => !setsTheSame(other, fault)), fault];
    case 'PodDeleted':
    case 'ListenerStopped':
    case 'DeviceSetDown':
      return faults.some((other) => same(other, fault)) ? [...faults] : [...faults, fault];
    default:
      return [...faults, fault];
  }
}

function setsTheSame(a: FaultEvent, b: FaultEvent): boolean {
  if (a.type === 'SysctlSet') return b.type === 'SysctlSet' && a.ns === b.ns && a.key === b.key;
  return a.type === 'MtuSet' && b.type === 'MtuSet' && a.ns === b.ns && a.dev === b.dev;
}
