/**
 * A route with several next hops: every packet of a flow takes the same one (`fib_select_multipath`, net/ipv4/fib_semantics.c;
 * `fib_multipath_hash`, net/ipv4/route.c). SIMPLIFIED: the kernel's hash is seeded when it boots, so which one it is nobody can foretell;
 * here it is a hash without a seed.
 */
import { hash32 } from '../../base/rng.ts';
import { type IpPacket, isLaterFragment } from '../../wire/frame.ts';
import type { NextHop } from '../config.ts';
import type { RouteResult } from './fib.ts';

/** `net.ipv4.fib_multipath_hash_policy`: 0 hashes the addresses, 1 also the protocol and the ports. */
export type HashPolicy = 0 | 1;

/** The result for one packet; null: a packet that the machine is about to make, of which only the destination is known. */
export function onPath(found: RouteResult, packet: IpPacket | null, policy: HashPolicy): RouteResult {
  const hops = found.route?.nexthops;
  if (!hops) return found;
  const hop = nextHopFor(hops, packet ? flowText(packet, policy) : found.nextHop);
  return hop ? { ...found, dev: hop.dev, nextHop: hop.via } : found;
}

/** The hash falls into the share of one next hop, which is as large as its weight. */
function nextHopFor(hops: readonly NextHop[], flow: string): NextHop | undefined {
  const total = hops.reduce((sum, { weight }) => sum + weight, 0);
  let left = (hash32(flow) / 2 ** 32) * total;
  for (const hop of hops) {
    if (left < hop.weight) return hop;
    left -= hop.weight;
  }
  return hops[0];
}

function flowText({ src, dst, l4 }: IpPacket, policy: HashPolicy): string {
  const addresses = `${src} ${dst}`;
  if (policy === 0) return addresses;
  const ports = !isLaterFragment(l4) && 'sport' in l4 ? ` ${l4.sport} ${l4.dport}` : '';
  return `${addresses} ${isLaterFragment(l4) ? '' : l4.proto}${ports}`;
}
