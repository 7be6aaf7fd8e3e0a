import { never } from '../base/assert.ts';
import { isWorkload, mergeObjects, objectRef } from '../kube/objects-merge.ts';
import { isPolicy } from '../kube/policy-objects.ts';
import { addChange, freezeStopped, settleChanges } from './changes.ts';
import { BASE_STATE } from './defaults.ts';
import { normaliseObject, normaliseProbe, sizeOf } from './normalise.ts';
import { afterSync } from './resync.ts';
import type { FaultEvent, Scenario, ScenarioEvent, ScenarioState } from './scenario.ts';

type ManifestsApplied = Extract<ScenarioEvent, { type: 'ManifestsApplied' }>;

/** What a scenario says now: its events applied in order to the standard empty cluster. Objects come out normalised. */
export function foldScenario(scenario: Scenario): ScenarioState {
  return scenario.events.reduce(applyEvent, BASE_STATE);
}

function applyEvent(state: ScenarioState, event: ScenarioEvent): ScenarioState {
  switch (event.type) {
    case 'ClusterSized': {
      const { zones: _, farSubnet: __, ipv6: ___, nodeLocalDns: ____, ...standing } = freezeStopped(state);
      return settleChanges({ ...standing, ...sizeOf(event) });
    }
    case 'ManifestsApplied':
      return applyManifests(state, event);
    case 'CniChosen': {
      // Another CNI brings daemons of its own, and they run.
      const faults =
        event.cni === state.cni.id ? state.faults : state.faults.filter(({ type }) => type !== 'AgentStopped');
      return { ...state, faults, cni: { id: event.cni, mode: event.mode } };
    }
    case 'ProxyChosen':
      return settleChanges({ ...freezeStopped(state), proxy: { id: event.proxy, mode: event.mode } });
    case 'BalancerChosen':
      return settleChanges({ ...freezeStopped(state), balancer: { id: event.balancer, mode: event.mode } });
    case 'ProbeSet':
      return { ...state, probe: normaliseProbe(event.probe) };
    case 'SeedSet':
      return { ...state, seed: event.seed };
    case 'ProxyStarted': {
      const faults = state.faults.filter((fault) => !(fault.type === 'ProxyStopped' && fault.node === event.node));
      // Its first sync is a full one.
      return settleChanges(afterSync({ ...state, faults }, event.node));
    }
    case 'AgentStarted': {
      const faults = state.faults.filter((fault) => !(fault.type === 'AgentStopped' && fault.node === event.node));
      return settleChanges({ ...state, faults });
    }
    case 'ProxySynced':
      return afterSync(state, event.node);
    case 'PolicyDeleted': {
      const objects = state.objects.filter((object) => !isPolicy(object) || objectRef(object) !== event.ref);
      return settleChanges({ ...freezeStopped(state), objects });
    }
    case 'ReadinessSet':
      return settleChanges({ ...state, faults: addChange(state, state.faults, event) });
    case 'WorkloadScaled':
    case 'ProxyStopped':
    case 'AgentStopped':
    case 'CniConfRemoved':
    case 'CniConfRestored':
    case 'PodDeleted':
    case 'PolicySwitched':
    case 'ListenerStopped':
    case 'DeviceSetDown':
    case 'RouteDeleted':
    case 'NeighbourDeleted':
    case 'FdbEntryDeleted':
    case 'RuleDeleted':
    case 'NftRuleDeleted':
    case 'NftElementDeleted':
    case 'VirtualServerDeleted':
    case 'RealServerDeleted':
    case 'IpsetMemberDeleted':
    case 'AddressDeleted':
    case 'SysctlSet':
    case 'MtuSet':
      return { ...state, faults: addChange(state, state.faults, event) };
    default:
      return never(event, 'scenario event');
  }
}

/**
 * Like `kubectl apply`: what stood is replaced in place, what is new comes last. A bare Pod that was deleted is made again, and what
 * was scaled or made unready by hand is again as the manifest says.
 */
function applyManifests(state: ScenarioState, { objects, replace }: ManifestsApplied): ScenarioState {
  const standing = replace ? [] : state.objects;
  const applied = new Set(objects.filter(isWorkload).flatMap((object) => [objectRef(object), shortRef(object)]));
  const remade = new Set(objects.flatMap((object) => (object.kind === 'Pod' ? [shortRef(object)] : [])));
  const isOver = (fault: FaultEvent): boolean => {
    if (fault.type === 'PodDeleted') return remade.has(fault.ref);
    return (fault.type === 'WorkloadScaled' || fault.type === 'ReadinessSet') && applied.has(fault.ref);
  };
  const frozen = freezeStopped(state);
  return settleChanges({
    ...frozen,
    objects: mergeObjects(standing, objects).map(normaliseObject),
    faults: frozen.faults.filter((fault) => !isOver(fault)),
  });
}

const shortRef = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;
