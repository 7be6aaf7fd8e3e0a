import type { Cidr } from '../../wire/ip.ts';
import type { Route } from '../config.ts';
import { metricOf } from '../routing/tables.ts';

/**
 * One line of `ip route show table all`, of IPv6 `ip -6 route show table all` (iproute2 6.1, ip/iproute.c `print_route`), without its
 * trailing blank. IPv6 has no scopes, always a metric, and a preference that only routers would change.
 */
export function printRoute(route: Route): string {
  const { type, via, nexthops = [], table, proto, scope, src, metric, onlink, mtuBytes } = route;
  const isV6 = route.dst.family === 6;
  // Of IPv6 what leads nowhere is a route of the loopback device.
  const dev = route.dev ?? (isV6 && type !== 'unicast' ? 'lo' : undefined);
  return [
    ...(type === 'unicast' ? [] : [type]),
    printDestination(route.dst),
    ...(via === undefined ? [] : [`via ${via}`]),
    ...(dev === undefined ? [] : [`dev ${dev}`]),
    ...(table === 'main' ? [] : [`table ${table}`]),
    ...(proto === undefined ? [] : [`proto ${proto}`]),
    ...(scope === 'global' || isV6 ? [] : [`scope ${scope}`]),
    ...(src === undefined ? [] : [`src ${src}`]),
    ...(metric === undefined && !isV6 ? [] : [`metric ${metricOf(route)}`]),
    ...(onlink ? ['onlink'] : []),
    ...(mtuBytes === undefined ? [] : [`mtu ${mtuBytes}`]),
    ...(isV6 ? ['pref medium'] : []),
    ...nexthops.map((hop) => `nexthop via ${hop.via} dev ${hop.dev} weight ${hop.weight}`),
  ].join(' ');
}

/** `default`, a bare address for a single host, a network otherwise. */
function printDestination({ text, base, prefix, family }: Cidr): string {
  if (prefix === 0) return 'default';
  return prefix === (family === 4 ? 32 : 128) ? base : text;
}
