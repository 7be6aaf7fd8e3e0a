import { describe, expect, it } from 'vitest';
import type { World } from '../../sim/engine/world.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import { countWords } from './count-words.ts';
import { suggestProbe } from './suggest-probe.ts';

const service = (name: string, pod: string, node: string) => {
  return { namespace: 'shop', name, ports: [{ port: 80, protocol: 'TCP', endpoints: [{ pod, node }] }] };
};

const world = {
  cluster: {
    pods: [
      { namespace: 'shop', name: 'front', node: 'node-1' },
      { namespace: 'shop', name: 'cart', node: 'node-2' },
    ],
    services: [
      { ...service('kubernetes', '', 'node-1'), namespace: 'default' },
      service('front', 'shop/front', 'node-1'),
      service('cart', 'shop/cart', 'node-2'),
    ],
    nodes: [{ name: 'node-1' }, { name: 'node-2' }],
    externals: [],
  },
} as unknown as World;

describe('suggestProbe', () => {
  it('goes from the first pod to a Service on another node', () => {
    expect(suggestProbe(world, null)).toEqual({
      from: { kind: 'pod', ref: 'shop/front' },
      to: { kind: 'service', ref: 'shop/cart', via: 'name' },
      proto: 'tcp',
      port: 80,
    });
  });

  it('leaves a packet alone whose ends are still there', () => {
    const standing: Probe = {
      from: { kind: 'node', ref: 'node-1' },
      to: { kind: 'ip', ip: '10.0.0.1' },
      proto: 'ping',
    };
    expect(suggestProbe(world, standing)).toBeNull();
  });

  it('replaces one whose end is gone', () => {
    const standing: Probe = {
      from: { kind: 'pod', ref: 'shop/gone' },
      to: { kind: 'ip', ip: '10.0.0.1' },
      proto: 'ping',
    };
    expect(suggestProbe(world, standing)).not.toBeNull();
  });

  it('has nothing to say about a cluster without Services', () => {
    const empty = { cluster: { ...world.cluster, services: [] } } as unknown as World;
    expect(suggestProbe(empty, null)).toBeNull();
  });
});

it.each([
  [[], ''],
  [['Service'], '1 Service'],
  [['Deployment', 'Service', 'Deployment'], '2 Deployments, 1 Service'],
])('counts %j', (kinds, words) => {
  expect(countWords(kinds.map((kind) => ({ kind })) as never)).toBe(words);
});
