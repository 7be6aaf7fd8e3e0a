/** Route lookup: longest prefix, then lowest metric, in the order of `ip rule` (local, main). net/ipv4/fib_rules.c, fib_trie.c, net/ipv6/ip6_fib.c. */
import { cidrHas, familyOf, type Ip } from '../../wire/ip.ts';
import { isScoped } from '../../wire/ip6.ts';
import type { Route } from '../config.ts';
import type { Netns, RouteTable } from '../netns.ts';
import { selectAddress6 } from './source6.ts';

/** The outcome of a lookup for one destination. */
export interface RouteResult {
  readonly type: Route['type'] | 'none';
  readonly route: Route | null;
  readonly dev: string | undefined;
  /** Where to send it on the link: the gateway, or the destination itself. */
  readonly nextHop: Ip;
  /** The source address that the route prefers for packets made here. */
  readonly src: Ip | undefined;
}

/** `dev`: the link that an address of one link only is meant on (`rt6_need_strict`); to all others it is nothing. */
export function lookupRoute(ns: Netns, dst: Ip, dev?: string): RouteResult {
  const route = findIn(ns.tables.local, dst, dev) ?? findIn(ns.tables.main, dst, dev);
  if (!route) return { type: 'none', route: null, dev: undefined, nextHop: dst, src: undefined };
  const [hop = route] = route.nexthops ?? [];
  return { type: route.type, route, dev: hop.dev, nextHop: hop.via ?? dst, src: route.src };
}

/** Host routes are found at once: with IPVS a node has one for every Service. The rest is sorted by prefix length, longest first. */
function findIn({ hosts, nets, nets6 }: RouteTable, dst: Ip, dev: string | undefined): Route | undefined {
  const host = hosts.get(dst);
  if (host) return host;
  if (familyOf(dst) === 6) return findIn6(nets6, dst, dev);
  for (const route of nets) if (cidrHas(route.dst, dst)) return route;
  return undefined;
}

function findIn6(nets: readonly Route[], dst: Ip, dev: string | undefined): Route | undefined {
  const link = isScoped(dst) ? dev : undefined;
  return nets.find((route) => (link === undefined || route.dev === link) && cidrHas(route.dst, dst));
}

/** Is the address one of this namespace's own? (`inet_addr_type` = RTN_LOCAL) */
export function isLocalAddress(ns: Netns, address: Ip): boolean {
  return lookupRoute(ns, address).type === 'local';
}

/**
 * `inet_select_addr` (net/ipv4/devinet.c): the device's address in the next hop's network, else its first global one, else the
 * first global address of another device.
 */
export function selectAddress(ns: Netns, dev: string, nextHop: Ip): Ip | undefined {
  if (familyOf(nextHop) === 6) return selectAddress6(ns, dev, nextHop);
  const own = ns.globals.get(dev) ?? [];
  const near = own.find(({ net }) => cidrHas(net, nextHop));
  return (near ?? own[0])?.ip ?? ns.fallbackAddress;
}

/** Source address for a packet made here towards `dst` by this route. */
export function sourceFor(ns: Netns, result: RouteResult, dst: Ip): Ip | undefined {
  if (result.type === 'local') return result.src === dst ? dst : (result.src ?? dst);
  if (result.src) return result.src;
  if (result.dev === undefined) return undefined;
  // IPv6 asks for the destination itself, whoever passes the packet on (`ip6_route_get_saddr`).
  return selectAddress(ns, result.dev, familyOf(dst) === 6 ? dst : result.nextHop);
}
