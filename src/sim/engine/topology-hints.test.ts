/** From the manifest's field to the endpoints that a node's rules offer, in every mode, and the words for it. */
import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import type { KubeObject, ServiceObject } from '../kube/objects.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { balanceLaw } from './balance-law.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import { explain } from './explain/explain.ts';
import { hintSentence } from './explain/hint-words.ts';
import type { World } from './world.ts';

const MODES = ['iptables', 'nftables', 'nftables-1-30', 'nftables-1-36', 'ipvs'] as const;

/** `web-1` runs on node-1 and so on; a caller runs on every node. */
function objects(service: Partial<ServiceObject>, webs = 4): KubeObject[] {
  const pod = (name: string, app: string, node: number): KubeObject => ({
    kind: 'Pod',
    namespace: 'default',
    name,
    labels: { app },
    nodeName: `node-${node}`,
    containers: [{ name: app, ports: app === 'web' ? [{ containerPort: 8080 }] : [] }],
  });
  const nodes = Array.from({ length: webs }, (_, index) => index + 1);
  return [
    ...nodes.map((n) => pod(`web-${n}`, 'web', n)),
    ...[1, 2, 3, 4].map((n) => pod(`caller-${n}`, 'caller', n)),
    {
      kind: 'Service',
      namespace: 'default',
      name: 'web',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
      ...service,
    },
  ];
}

const size = { podCIDR: '10.244.0.0/16', nodeMask: 24, serviceCIDR: '10.96.0.0/12', nodeNetwork: '192.168.56.0/24' };

function world(mode: string, service: Partial<ServiceObject>, zones: string, webs?: number): World {
  const events: ScenarioEvent[] = [
    {
      type: 'ClusterSized',
      ...size,
      nodes: 4,
      mtuBytes: 1500,
      zones: zones.split(' ').map((zone) => (zone === '-' ? '' : zone)),
    },
    { type: 'ManifestsApplied', objects: objects(service, webs), replace: true },
    { type: 'ProxyChosen', proxy: 'kube-proxy', mode },
  ];
  const built = buildWorld(foldScenario({ events }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const from = (node: number): Probe => ({
  from: { kind: 'pod', ref: `default/caller-${node}` },
  to: { kind: 'service', ref: 'default/web', via: 'clusterIP' },
  proto: 'tcp',
  port: 80,
});

/** The pods that the rules of a node offer to a caller there. */
function offered(of: World, node: number): string {
  const { steps } = traceProbe(of, from(node));
  const { shares } = must(balanceLaw(steps, of), 'a choice');
  const names = [...shares.keys()].map((text) => of.cluster.pods.find(({ ip }) => text === `${ip}:8080`)?.name ?? text);
  return names.sort().join(' ');
}

const ALL = 'web-1 web-2 web-3 web-4';

describe.each(MODES)('hints in %s mode', (mode) => {
  it.each<[why: string, Partial<ServiceObject>, zones: string, offers: readonly string[]]>([
    ['nobody asked', {}, 'a a b b', [ALL, ALL, ALL, ALL]],
    [
      'its zone',
      { trafficDistribution: 'PreferSameZone' },
      'a a b b',
      ['web-1 web-2', 'web-1 web-2', 'web-3 web-4', 'web-3 web-4'],
    ],
    [
      'as it was called first',
      { trafficDistribution: 'PreferClose' },
      'a b b b',
      ['web-1', 'web-2 web-3 web-4', 'web-2 web-3 web-4', 'web-2 web-3 web-4'],
    ],
    ['its node', { trafficDistribution: 'PreferSameNode' }, 'a a b b', ['web-1', 'web-2', 'web-3', 'web-4']],
    [
      'its node needs no zones',
      { trafficDistribution: 'PreferSameNode' },
      '- - - -',
      ['web-1', 'web-2', 'web-3', 'web-4'],
    ],
    ['an endpoint without a zone: all', { trafficDistribution: 'PreferSameZone' }, 'a a b -', [ALL, ALL, ALL, ALL]],
    ['no zones: all', { trafficDistribution: 'PreferSameZone' }, '- - - -', [ALL, ALL, ALL, ALL]],
  ])('%s', (_why, service, zones, offers) => {
    const of = world(mode, service, zones);
    expect([1, 2, 3, 4].map((node) => offered(of, node))).toEqual(offers);
  });

  it('shares in proportion', () => {
    // Counted are node-2 in a, node-3 and node-4 in b: two of the three endpoints are for b, so one of a's two is.
    const auto = world(mode, { topologyMode: 'Auto' }, 'a a b b', 3);
    expect([1, 2, 3, 4].map((node) => offered(auto, node))).toEqual(['web-2', 'web-2', 'web-1 web-3', 'web-1 web-3']);
  });

  it('falls back, to the zone and then to all', () => {
    const near = world(mode, { trafficDistribution: 'PreferSameNode' }, 'a b a c', 2);
    expect([1, 2, 3, 4].map((node) => offered(near, node))).toEqual(['web-1', 'web-2', 'web-1', 'web-1 web-2']);
  });

  it('says in one sentence why only these', () => {
    const of = world(mode, { trafficDistribution: 'PreferSameZone' }, 'a a b b');
    const trace = traceProbe(of, from(3));
    const said = trace.steps.map(({ i }) => explain(trace, of, i).sentence);
    const why = 'only 2 of 4 endpoints are used here, those hinted for b, the zone of node-3';
    expect(said.filter((sentence) => sentence.includes(why)).length).toBeGreaterThanOrEqual(1);
  });
});

describe('the words for a Service', () => {
  const words = (service: Partial<ServiceObject>, zones: string, webs?: number): string | null => {
    const { cluster } = world('iptables', service, zones, webs);
    return hintSentence(
      cluster,
      must(
        cluster.services.find(({ name }) => name === 'web'),
        'web',
      ),
    );
  };

  it.each<[Partial<ServiceObject>, string, number | undefined, string | null]>([
    [{}, 'a a b b', undefined, null],
    [
      { trafficDistribution: 'PreferSameZone' },
      'a a b b',
      undefined,
      'With trafficDistribution PreferSameZone, connections go from node-1 and node-2 only to the 2 of 4 endpoints hinted for a and from node-3 and node-4 only to the 2 of 4 endpoints hinted for b.',
    ],
    [
      { trafficDistribution: 'PreferSameNode' },
      'a b a c',
      2,
      'With trafficDistribution PreferSameNode, connections go from node-1 and node-2 only to the one of 2 endpoints on the same node, from node-3 only to the one of 2 endpoints hinted for a and from node-4 to all 2 endpoints, because the hints leave out c.',
    ],
    [{ trafficDistribution: 'PreferSameZone' }, '- - - -', undefined, null],
  ])('%j in %s', (service, zones, webs, sentence) => {
    expect(words(service, zones, webs)).toBe(sentence);
  });
});

describe('hints that change nothing are told', () => {
  it.each<[Partial<ServiceObject>, string, string | undefined]>([
    [{ trafficDistribution: 'PreferSameZone' }, 'a a b b', undefined],
    [
      { trafficDistribution: 'PreferSameZone' },
      '- - - -',
      'spec.trafficDistribution: PreferSameZone: the nodes of its endpoints have no zones, so all endpoints are used alike',
    ],
    [
      { topologyMode: 'Auto' },
      'a a b -',
      'TopologyAwareHintsDisabled: Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4',
    ],
    [
      { topologyMode: 'Auto', trafficDistribution: 'PreferClose' },
      'a a b b',
      'spec.trafficDistribution: PreferClose: the annotation service.kubernetes.io/topology-mode goes before it',
    ],
  ])('%j in %s', (service, zones, text) => {
    const { notes } = world('iptables', service, zones, 3);
    expect(notes.filter(({ ref }) => ref === 'Service default/web').map((note) => note.text)).toEqual(
      text ? [text] : [],
    );
  });
});
