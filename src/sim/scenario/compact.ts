import { same } from '../base/same.ts';
import { BASE_STATE } from './defaults.ts';
import { foldScenario } from './fold.ts';
import { sizeOf } from './normalise.ts';
import type { Scenario, ScenarioEvent, ScenarioState } from './scenario.ts';

/**
 * The shortest scenario with the same fold: at most one event of each kind, in a fixed order, none that says the default.
 * Faults keep their own events and their order.
 */
export function compactScenario(scenario: Scenario): Scenario {
  return toScenario(foldScenario(scenario));
}

/** The inverse of the fold. */
export function toScenario(state: ScenarioState): Scenario {
  const events: ScenarioEvent[] = [];
  const { objects, cni, proxy, balancer, faults, probe, seed } = state;
  const size = sizeOf(state);
  if (!same(size, sizeOf(BASE_STATE))) events.push({ type: 'ClusterSized', ...size });
  if (objects.length > 0) events.push({ type: 'ManifestsApplied', objects, replace: true });
  if (!same(cni, BASE_STATE.cni)) events.push({ type: 'CniChosen', cni: cni.id, mode: cni.mode });
  if (!same(proxy, BASE_STATE.proxy)) events.push({ type: 'ProxyChosen', proxy: proxy.id, mode: proxy.mode });
  if (!same(balancer, BASE_STATE.balancer))
    events.push({ type: 'BalancerChosen', balancer: balancer.id, mode: balancer.mode });
  events.push(...faults);
  if (probe !== null) events.push({ type: 'ProbeSet', probe });
  if (seed !== BASE_STATE.seed) events.push({ type: 'SeedSet', seed });
  return { events };
}
