import { describe, expect, it } from 'vitest';
import type { IpPacket } from '../../wire/frame.ts';
import { cidr, ip } from '../../wire/ip.ts';
import type { Route } from '../config.ts';
import { printRoute } from '../print/ip-route.ts';
import type { RouteResult } from './fib.ts';
import { onPath } from './multipath.ts';

const route = (...weights: number[]): Route => ({
  dst: cidr('192.0.2.195/32'),
  type: 'unicast',
  table: 'main',
  scope: 'global',
  proto: 'bgp',
  metric: 20,
  nexthops: weights.map((weight, i) => ({ via: ip(`192.168.56.1${i + 1}`), dev: 'eth0', weight })),
});
const found = (by: Route): RouteResult => ({
  type: 'unicast',
  route: by,
  dev: 'eth0',
  nextHop: ip('192.168.56.11'),
  src: undefined,
});
const packet = (sport: number): IpPacket => ({
  kind: 'ip',
  src: ip('192.168.56.100'),
  dst: ip('192.0.2.195'),
  ttl: 64,
  id: 0,
  df: true,
  mf: false,
  fragOffset: 0,
  len: 60,
  l4: { proto: 'tcp', sport, dport: 80, flags: 'S', seq: 0, ack: 0, dataBytes: 0 },
});
const ports = Array.from({ length: 400 }, (_, i) => 32_768 + i);
const shares = (by: Route, policy: 0 | 1): number[] => {
  const taken = ports.map((port) => onPath(found(by), packet(port), policy).nextHop);
  return (by.nexthops ?? []).map(({ via }) => taken.filter((hop) => hop === via).length);
};

describe('a route with several next hops', () => {
  it('policy 0 sends all connections of two addresses one way, policy 1 each its own', () => {
    expect(shares(route(1, 1), 0).sort((a, b) => a - b)).toEqual([0, 400]);
    for (const share of shares(route(1, 1), 1)) expect(share).toBeGreaterThan(120);
  });

  it('weights are shares', () => {
    const [small = 0, large = 0] = shares(route(1, 3), 1);
    expect(large).toBeGreaterThan(2 * small);
  });

  it('a packet of a flow always goes the same way, and any other route is left alone', () => {
    const by = route(1, 1, 1);
    expect(onPath(found(by), packet(40_000), 1)).toEqual(onPath(found(by), packet(40_000), 1));
    const { nexthops: _, ...plain } = by;
    expect(onPath(found(plain), packet(40_000), 1)).toEqual(found(plain));
  });

  it('prints as ip route does', () => {
    expect(printRoute(route(1, 1))).toBe(
      '192.0.2.195 proto bgp metric 20 nexthop via 192.168.56.11 dev eth0 weight 1 nexthop via 192.168.56.12 dev eth0 weight 1',
    );
  });
});
