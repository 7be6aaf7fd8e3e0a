import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidr, ip } from '../wire/ip.ts';
import type { ClusterNode } from './cluster.ts';
import { hintsFor, type Unhinted } from './endpoint-hints.ts';
import { isHintedFor, nearOf } from './hinted.ts';
import type { ServiceObject } from './objects.ts';

/** `a b -`: a node in each zone; the first one is the control plane only where it says so: `+a b`. */
function nodesIn(text: string): ClusterNode[] {
  return text.split(' ').map((word, index) => {
    const zone = word.replace('+', '');
    return {
      name: `node-${index + 1}`,
      ip: ip('192.168.56.11'),
      podCIDR: cidr('10.244.0.0/24'),
      role: word.startsWith('+') ? 'control-plane' : 'worker',
      ...(zone === '-' ? {} : { zone }),
      listens: [],
    };
  });
}

/** `a a! b -`: an endpoint in each zone, `!` for one that is not ready. */
function endpointsIn(text: string): Unhinted[] {
  return text.split(' ').map((word, index) => {
    const zone = word.replace('!', '');
    return { ready: !word.endsWith('!'), node: `node-${index + 1}`, zone: zone === '-' ? undefined : zone };
  });
}

const give = (service: Partial<ServiceObject>, endpoints: string, nodes = '+a a b b') =>
  hintsFor(service as ServiceObject, endpointsIn(endpoints), nodesIn(nodes));

const zonesOf = (service: Partial<ServiceObject>, endpoints: string, nodes?: string): string =>
  give(service, endpoints, nodes)
    .hints.map(({ zoneHints = ['-'] }) => zoneHints.join('+'))
    .join(' ');

describe('trafficDistribution (trafficdist.go)', () => {
  it.each<[string, Partial<ServiceObject>, string, string]>([
    ['is not asked for', {}, 'a b', '- -'],
    ['PreferClose: each endpoint is for its own zone', { trafficDistribution: 'PreferClose' }, 'a b b', 'a b b'],
    ['PreferSameZone is the same', { trafficDistribution: 'PreferSameZone' }, 'a b b', 'a b b'],
    ['PreferSameNode hints zones too', { trafficDistribution: 'PreferSameNode' }, 'a b', 'a b'],
    ['an endpoint without a zone gets no hint', { trafficDistribution: 'PreferClose' }, 'a -', 'a -'],
    ['one that is not ready gets none', { trafficDistribution: 'PreferClose' }, 'a b!', 'a -'],
  ])('%s', (_why, service, endpoints, expected) => {
    expect(zonesOf(service, endpoints)).toBe(expected);
    expect(give(service, endpoints).event).toBeNull();
  });

  it('PreferSameNode names nodes, even without zones', () => {
    const { hints } = give({ trafficDistribution: 'PreferSameNode' }, '- b a!');
    expect(hints).toEqual([{ nodeHints: ['node-1'] }, { zoneHints: ['b'], nodeHints: ['node-2'] }, {}]);
  });

  it('the annotation goes before the field', () => {
    const both = { trafficDistribution: 'PreferSameNode', topologyMode: 'Auto' } as const;
    expect(give(both, 'a b', 'a b').hints).toEqual([{ zoneHints: ['a'] }, { zoneHints: ['b'] }]);
  });
});

describe('topology-mode Auto (topologycache.go)', () => {
  const auto = { topologyMode: 'Auto' } as const;

  it.each<[why: string, endpoints: string, nodes: string, zones: string]>([
    ['as many endpoints as CPU: each for its own zone', 'a a b b', 'a b', 'a a b b'],
    ['a zone with too many gives to one with too few', 'a a a a', 'a b', 'b b a a'],
    ['to several', 'a a a a a a', 'a b c', 'b b c c a a'],
    ['a zone with more CPU gets more', 'a a b b b b', 'a a b', 'a a a a b b'],
    ['half an endpoint is not given away', 'a a a a b b b', 'a b', 'a a a a b b b'],
    ['one and a half are one', 'a a a a a b b', 'a b', 'b a a a a b b'],
    ['one that is not ready gets none and is not counted', 'a a! b', 'a b', 'a - b'],
    ['an endpoint on the control plane keeps its zone, which is not counted', 'c a b b', '+c a b', 'c a b b'],
  ])('%s', (_why, endpoints, nodes, zones) => {
    expect(zonesOf(auto, endpoints, nodes)).toBe(zones);
    expect(give(auto, endpoints, nodes).event).toBeNull();
  });

  const insufficient = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  it.each<[why: string, endpoints: string, nodes: string, event: string]>([
    ['a node without a zone', 'a b c', 'a b -', insufficient],
    ['one zone only', 'a b', 'a a', insufficient],
    ['one zone beside the control plane', 'a b', '+a b', insufficient],
    ['fewer endpoints than zones', 'a', 'a b', 'Insufficient number of endpoints (1 endpoints, 2 zones)'],
    ['none', 'a! b!', 'a b', 'Insufficient number of endpoints (0 endpoints, 2 zones)'],
    [
      'three for two equal zones: each would need two',
      'a a b',
      'a b',
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)',
    ],
    [
      'five for two equal zones: each would need three',
      'a a a b b',
      'a b',
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (5 endpoints, 2 zones)',
    ],
    // Only the control plane may be without a zone while the controller counts on.
    ['an endpoint whose node has none', '- a b b', '+- a b', 'One or more endpoints do not have a zone specified'],
  ])('gives none: %s', (_why, endpoints, nodes, event) => {
    expect(give(auto, endpoints, nodes)).toEqual({
      hints: endpoints.split(' ').map(() => ({})),
      event: `TopologyAwareHintsDisabled: ${event}, addressType: IPv4`,
    });
  });

  it('may leave a small zone without any: what it needs is less than any other can give (getGivingAndReceivingZones)', () => {
    const { hints, event } = hintsFor(
      auto as ServiceObject,
      endpointsIn('a b b b b b b'),
      nodesIn('a b c b a b b b b'),
    );
    expect(event).toBeNull();
    expect(new Set(hints.flatMap(({ zoneHints = [] }) => zoneHints))).toEqual(new Set(['a', 'b']));
  });

  it('hints every endpoint, for counted zones only, or gives nothing', () => {
    const zone = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.array(zone, { maxLength: 30 }), fc.array(zone, { minLength: 1, maxLength: 9 }), (drawn, nodes) => {
        // Endpoints run on nodes, so their zones are counted.
        const at = drawn.map((_, index) => nodes[(index * 7) % nodes.length] ?? 'a');
        const { hints, event } = hintsFor(auto as ServiceObject, endpointsIn(at.join(' ')), nodesIn(nodes.join(' ')));
        const given = hints.flatMap(({ zoneHints = [] }) => zoneHints);
        expect(given.length).toBe(event === null ? at.length : 0);
        expect(given.filter((one) => !nodes.some((node) => node === one))).toEqual([]);
      }),
    );
  });
});

describe('what hints make of a Service on a node (topology.go)', () => {
  const place = (text: string) => ({ name: text.split('@')[0] ?? '', zone: text.split('@')[1] ?? '' });
  /** `a`: hinted for zone a; `a@n1`: for node n1 too; `-`: no hint; `!`: not ready. */
  const hinted = (text: string) =>
    text.split(' ').map((word) => {
      const [zone = '', node] = word.replace('!', '').split('@');
      return {
        ready: !word.endsWith('!'),
        ...(zone === '-' || zone === '' ? {} : { zoneHints: [zone] }),
        ...(node ? { nodeHints: [node] } : {}),
      };
    });

  it.each<[why: string, endpoints: string, node: string, near: string | null, used: string]>([
    ['no hints: all', '- -', 'n1@a', null, '0 1'],
    ['those of its zone', 'a b a', 'n1@a', 'zone', '0 2'],
    ['one without a hint: all', 'a - b', 'n1@a', null, '0 1 2'],
    ['none for its zone: all', 'b c', 'n1@a', null, '0 1'],
    ['a node without a zone: all', 'a b', 'n1', null, '0 1'],
    ['one that is not ready needs no hint', 'a -! b', 'n1@a', 'zone', '0'],
    ['nobody ready: nothing to consider', 'a!', 'n1@a', null, '0'],
    ['those of its node', 'a@n1 a@n2 b@n3', 'n1@a', 'node', '0'],
    ['none on its node: those of its zone', 'a@n1 a@n2 b@n3', 'n4@a', 'zone', '0 1'],
    ['neither: all', 'a@n1 a@n2', 'n4@c', null, '0 1'],
    ['nodes without zones', '@n1 @n2', 'n1', 'node', '0'],
    ['one without a node hint: its zone', 'a@n1 a b', 'n1@a', 'zone', '0 1'],
  ])('%s', (_why, text, node, near, used) => {
    const endpoints = hinted(text);
    expect(nearOf(endpoints, place(node))).toBe(near);
    const taken = endpoints.flatMap((endpoint, at) => (isHintedFor(endpoint, near as never, place(node)) ? [at] : []));
    expect(taken.join(' ')).toBe(used);
  });
});
