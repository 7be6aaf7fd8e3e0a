import { describe, expect, it } from 'vitest';
import type { World } from '../../sim/engine/world.ts';
import { pictureIdOf, probeOfDrag, selectedOf } from './picture-join.ts';

const world = {
  namespaces: new Map([
    ['node-1', {}],
    ['default/a', {}],
  ]),
  cluster: {
    externals: [{ name: 'client', listens: [] }],
    nodes: [{ name: 'node-1' }],
    pods: [{ namespace: 'default', name: 'a', listens: [{ proto: 'tcp', port: 8080 }] }],
    services: [{ namespace: 'default', name: 'web', ports: [{ protocol: 'TCP', port: 80 }] }],
  },
} as unknown as World;

describe('selections and picture ids', () => {
  it.each(['ns:node-1', 'ns:default/a', 'dev:node-1!cni0', 'svc:default/web', 'route:node-1', 'conntrack:node-1'])(
    '%s comes back from what it selects',
    (id) => {
      const selected = selectedOf(id, world);
      expect(selected && pictureIdOf(selected, world)).toBe(id);
    },
  );

  it.each([
    ['ns:node-1', 'node'],
    ['ns:default/a', 'pod'],
    ['ns:client', 'external'],
  ])('%s is a %s', (id, kind) => expect(selectedOf(id, world)?.kind).toBe(kind));

  it('selects nothing for what is not one thing', () => expect(selectedOf('more-services', world)).toBeNull());
});

describe('a line drawn on the stage', () => {
  const from = { kind: 'pod', ref: 'default/a' };

  it('sends to the first port of a Service', () => {
    const to = { kind: 'service', ref: 'default/web', via: 'name' };
    expect(probeOfDrag('ns:default/a', 'svc:default/web', world, null)).toEqual({ from, to, proto: 'tcp', port: 80 });
  });

  it('pings what listens on nothing', () => {
    const to = { kind: 'external', ref: 'client' };
    expect(probeOfDrag('ns:default/a', 'ns:client', world, null)).toEqual({ from, to, proto: 'ping' });
  });

  it('does not start at a Service', () => {
    expect(probeOfDrag('svc:default/web', 'ns:default/a', world, null)).toBeNull();
  });
});
