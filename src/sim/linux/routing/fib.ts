/** Route lookup: longest prefix, then lowest metric, in the order of `ip rule` (local, main). net/ipv4/fib_rules.c, fib_trie.c. */
import { cidrHas, type Ip } from '../../wire/ip.ts';
import type { Address, Route } from '../config.ts';
import type { Netns } from '../netns.ts';

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

export function lookupRoute(ns: Netns, dst: Ip): RouteResult {
  const route = findIn(ns.tables.local, dst) ?? findIn(ns.tables.main, dst);
  if (!route) return { type: 'none', route: null, dev: undefined, nextHop: dst, src: undefined };
  return { type: route.type, route, dev: route.dev, nextHop: route.via ?? dst, src: route.src };
}

/** Tables are sorted by prefix length, longest first. */
function findIn(table: readonly Route[], dst: Ip): Route | undefined {
  for (const route of table) if (cidrHas(route.dst, dst)) return route;
  return undefined;
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
  const own = ns.config.addresses.filter((a) => a.dev === dev && a.scope === 'global');
  const near = own.find((a) => inNetworkOf(ns, a, nextHop));
  const other = (): Address | undefined =>
    ns.config.addresses.find((a) => a.scope === 'global' && ns.devices.get(a.dev)?.kind !== 'loopback');
  return (near ?? own[0] ?? other() ?? ns.config.addresses.find((a) => a.scope === 'global'))?.ip;
}

function inNetworkOf(ns: Netns, address: Address, other: Ip): boolean {
  const net = ns.networks.get(address);
  return net !== undefined && cidrHas(net, other);
}

/** Source address for a packet made here towards `dst` by this route. */
export function sourceFor(ns: Netns, result: RouteResult, dst: Ip): Ip | undefined {
  if (result.type === 'local') return result.src === dst ? dst : (result.src ?? dst);
  if (result.src) return result.src;
  return result.dev === undefined ? undefined : selectAddress(ns, result.dev, result.nextHop);
}
