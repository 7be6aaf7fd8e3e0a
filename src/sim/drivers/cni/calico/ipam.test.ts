import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidr, cidrHas, type Ip } from '../../../wire/ip.ts';
import { calicoIpam } from './ipam.ts';

const nodesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `node-${i + 1}`, podCIDR: cidr(`10.244.${i}.0/24`) }));
const make = (pool: string, nodes = 1, hasTunnel = false) =>
  calicoIpam(() => hasTunnel)({ podCIDR: cidr(pool), nodes: nodesOf(nodes) });
const takeMany = (ipam: ReturnType<typeof make>, node: string, count: number): (Ip | null)[] =>
  Array.from({ length: count }, () => ipam.take(node));

describe('Calico gives out addresses', () => {
  it('of a block of 64, in order, the first and the last too', () => {
    const ipam = make('10.0.0.0/26');
    const taken = takeMany(ipam, 'node-1', 64);
    expect([taken[0], taken[63]]).toEqual(['10.0.0.0', '10.0.0.63']);
    expect(ipam.holdings('node-1').blocks?.map(({ text }) => text)).toEqual(['10.0.0.0/26']);
  });

  it('a node claims a block with its first pod, and another one when it is full', () => {
    const ipam = make('10.0.0.0/24');
    expect(ipam.holdings('node-1').blocks).toEqual([]);
    takeMany(ipam, 'node-1', 64);
    expect(ipam.holdings('node-1').blocks).toHaveLength(1);
    takeMany(ipam, 'node-1', 1);
    expect(ipam.holdings('node-1').blocks).toHaveLength(2);
  });

  it('with a tunnel the node itself has the first address of its first block', () => {
    const ipam = make('10.0.0.0/26', 1, true);
    expect(ipam.holdings('node-1').tunnelIp).toBe('10.0.0.0');
    expect(ipam.take('node-1')).toBe('10.0.0.1');
    expect(make('10.0.0.0/26').holdings('node-1')).not.toHaveProperty('tunnelIp');
  });

  it('what was released comes again last', () => {
    const ipam = make('10.0.0.0/26');
    const [first] = takeMany(ipam, 'node-1', 1);
    ipam.release('node-1', first as Ip);
    expect(ipam.take('node-1')).toBe('10.0.0.1');
    expect(takeMany(ipam, 'node-1', 63).at(-1)).toBe('10.0.0.0');
  });

  it('borrows when every block is somebody’s, and says when there is nothing left', () => {
    const ipam = make('10.0.0.0/26', 2);
    expect(takeMany(ipam, 'node-1', 1)).toEqual(['10.0.0.0']);
    expect(takeMany(ipam, 'node-2', 1)).toEqual(['10.0.0.1']);
    expect(ipam.holdings('node-2').blocks).toEqual([]);
    takeMany(ipam, 'node-2', 62);
    expect(ipam.take('node-2')).toBeNull();
    expect(ipam.exhausted('node-2')).toMatch(/No IPs available/);
  });

  it('never twice, and only of the pool, whatever comes and goes', () => {
    const step = fc.record({ node: fc.integer({ min: 1, max: 3 }), releases: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.boolean(), (steps, hasTunnel) => {
        const ipam = make('10.0.0.0/25', 3, hasTunnel);
        const held = new Map<Ip, string>();
        for (const name of ['node-1', 'node-2', 'node-3']) {
          const { tunnelIp } = ipam.holdings(name);
          if (tunnelIp) held.set(tunnelIp, '');
        }
        for (const { node, releases } of steps) {
          const name = `node-${node}`;
          const own = [...held].find(([, owner]) => owner === name)?.[0];
          if (releases && own !== undefined) {
            ipam.release(name, own);
            held.delete(own);
            continue;
          }
          const address = ipam.take(name);
          expect(address === null).toBe(held.size === 128);
          if (address === null) continue;
          expect(held.has(address)).toBe(false);
          expect(cidrHas(cidr('10.0.0.0/25'), address)).toBe(true);
          held.set(address, name);
        }
      }),
    );
  });
});
