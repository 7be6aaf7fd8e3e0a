/**
 * A scenario and a moment as one terse value:
 *
 *   [document version, objects, probe, step, view, cni, proxy, size, faults, seed]
 *
 * with everything at the end that equals its default left out. These defaults are the codec's own and never change; objects and
 * probe have none. Documents of version 1 only: a later version brings a later codec, or a position at the end.
 */
import { foldScenario } from '../fold.ts';
import type { Moment } from '../moment.ts';
import type { Scenario } from '../scenario.ts';
import { packFault, unpackFault } from './faults.ts';
import { packObjects, unpackObjects } from './objects.ts';
import { packProbe, unpackProbe } from './probe.ts';
import { fillTuple, type Json, listIn, optional, trimTuple } from './tuple.ts';

const VERSION = 1;
const sizeDefaults: readonly Json[] = [3, 1500, '10.244.0.0/16', 24, '10.96.0.0/12', '192.168.56.0/24'];
const defaults: readonly Json[] = [0, [], [], 0, '', 'flannel/vxlan', 'kube-proxy/iptables', [], [], 1];

export function packDocument(scenario: Scenario, { step, view }: Moment): Json {
  const state = foldScenario(scenario);
  const { nodes, mtuBytes, podCIDR, nodeMask, serviceCIDR, nodeNetwork, cni, proxy, probe, seed } = state;
  const size: Json[] = [nodes, mtuBytes, podCIDR, nodeMask, serviceCIDR, nodeNetwork];
  return trimTuple(
    [
      VERSION,
      packObjects(state.objects),
      probe ? packProbe(probe) : [],
      step,
      view ?? '',
      `${cni.id}/${cni.mode}`,
      `${proxy.id}/${proxy.mode}`,
      trimTuple(size, sizeDefaults),
      state.faults.map(packFault),
      seed,
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
  const [version, objects, probe, step, view, cni, proxy, size, faults, seed] = fillTuple(packed, defaults);
  const [nodes, mtuBytes, podCIDR, nodeMask, serviceCIDR, nodeNetwork] = fillTuple(size, sizeDefaults);
  const [cniId, cniMode] = splitDriver(cni);
  const [proxyId, proxyMode] = splitDriver(proxy);
  const events: unknown[] = [
    { type: 'ClusterSized', nodes, podCIDR, nodeMask, serviceCIDR, nodeNetwork, mtuBytes },
    { type: 'ManifestsApplied', objects: unpackObjects(objects), replace: true },
    { type: 'CniChosen', cni: cniId, mode: cniMode },
    { type: 'ProxyChosen', proxy: proxyId, mode: proxyMode },
    ...listIn(faults).map(unpackFault),
    ...(listIn(probe).length > 0 ? [{ type: 'ProbeSet', probe: unpackProbe(probe) }] : []),
    { type: 'SeedSet', seed },
  ];
  return { document: { version, events }, moment: { step, ...optional('view', view === '' ? undefined : view) } };
}

/** `flannel/vxlan` -> id and mode. */
function splitDriver(packed: unknown): readonly [string, string] {
  const [id = '', ...mode] = String(packed).split('/');
  return [id, mode.join('/')];
}
