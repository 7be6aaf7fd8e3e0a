/**
 * A scenario and a moment as one terse value:
 *
 *   [document version, objects, probe, step, view, cni, proxy, size, faults, seed, balancer, step in the lookup]
 *
 * with everything at the end that equals its default left out. These defaults are the codec's own and never change; objects and
 * probe have none. Documents of version 1 only: a later version brings a later codec, or a position at the end.
 */
import { foldScenario } from '../fold.ts';
import type { Moment } from '../moment.ts';
import type { Scenario } from '../scenario.ts';
import { packDriver, packSize, unpackDriver, unpackSize } from './cluster.ts';
import { packFault, unpackFault } from './faults.ts';
import { packObjects, unpackObjects } from './objects.ts';
import { packProbe, unpackProbe } from './probe.ts';
import { fillTuple, type Json, listIn, optional, trimTuple } from './tuple.ts';

const VERSION = 1;
const defaults: readonly Json[] = [0, [], [], 0, '', 'flannel/vxlan', 'kube-proxy/iptables', [], [], 1, 'none/none', 0];

export function packDocument(scenario: Scenario, { step, inLookup, view }: Moment): Json {
  const state = foldScenario(scenario);
  const { cni, proxy, probe, seed, balancer } = state;
  return trimTuple(
    [
      VERSION,
      packObjects(state.objects),
      probe ? packProbe(probe) : [],
      step,
      view ?? '',
      packDriver(cni),
      packDriver(proxy),
      packSize(state),
      state.faults.map(packFault),
      seed,
      packDriver(balancer),
      inLookup ?? 0,
    ],
    defaults,
  );
}

/** What it claims to be, not yet judged: a saved document and a moment. */
export interface Unpacked {
  readonly document: unknown;
  readonly moment: unknown;
}

export function unpackDocument(packed: unknown): Unpacked {
  const [version, objects, probe, step, view, cni, proxy, size, faults, seed, balancer, inLookup] = fillTuple(
    packed,
    defaults,
  );
  const chosenCni = unpackDriver(cni);
  const chosenProxy = unpackDriver(proxy);
  const chosenBalancer = unpackDriver(balancer);
  const events: unknown[] = [
    { type: 'ClusterSized', ...unpackSize(size) },
    { type: 'ManifestsApplied', objects: unpackObjects(objects), replace: true },
    { type: 'CniChosen', cni: chosenCni.id, mode: chosenCni.mode },
    { type: 'ProxyChosen', proxy: chosenProxy.id, mode: chosenProxy.mode },
    { type: 'BalancerChosen', balancer: chosenBalancer.id, mode: chosenBalancer.mode },
    ...listIn(faults).map(unpackFault),
    ...(listIn(probe).length > 0 ? [{ type: 'ProbeSet', probe: unpackProbe(probe) }] : []),
    { type: 'SeedSet', seed },
  ];
  const moment = {
    step,
    ...optional('inLookup', inLookup === 0 ? undefined : inLookup),
    ...optional('view', view === '' ? undefined : view),
  };
  return { document: { version, events }, moment };
}
