import { never } from '../base/assert.ts';
import { mergeObjects, scaleObjects } from '../kube/objects-merge.ts';
import { BASE_STATE } from './defaults.ts';
import { normaliseObject, normaliseProbe } from './normalise.ts';
import { same } from './same.ts';
import type { FaultEvent, Scenario, ScenarioEvent, ScenarioState } from './scenario.ts';

type ManifestsApplied = Extract<ScenarioEvent, { type: 'ManifestsApplied' }>;

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
      return applyManifests(state, event);
    case 'WorkloadScaled':
      return { ...state, objects: scaleObjects(state.objects, event.ref, event.replicas).map(normaliseObject) };
    case 'CniChosen':
      return { ...state, cni: { id: event.cni, mode: event.mode } };
    case 'ProxyChosen':
      return { ...state, proxy: { id: event.proxy, mode: event.mode } };
    case 'ProbeSet':
      return { ...state, probe: normaliseProbe(event.probe) };
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

/** Like `kubectl apply`: what stood is replaced in place, what is new comes last. A bare Pod that was deleted is made again. */
function applyManifests(state: ScenarioState, { objects, replace }: ManifestsApplied): ScenarioState {
  const standing = replace ? [] : state.objects;
  const remade = new Set(
    objects.flatMap((object) => (object.kind === 'Pod' ? `${object.namespace}/${object.name}` : [])),
  );
  return {
    ...state,
    objects: mergeObjects(standing, objects).map(normaliseObject),
    faults: state.faults.filter((fault) => !(fault.type === 'PodDeleted' && remade.has(fault.ref))),
  };
}

/**
 * Faults accumulate. A value set twice keeps the later one, what is down already stays so; but deleting twice is two deletions,
 * because equal lines may stand twice, and a StatefulSet's pod comes back under its name.
 */
function addFault(faults: readonly FaultEvent[], fault: FaultEvent): FaultEvent[] {
  switch (fault.type) {
    case 'SysctlSet':
    case 'MtuSet':
      return [...faults.filter((other) => !setsTheSame(other, fault)), fault];
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
