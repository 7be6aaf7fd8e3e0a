import type { Cidr } from '../../wire/ip.ts';
import type { Route } from '../config.ts';

/** One line of `ip route show table all` (iproute2 6.1, ip/iproute.c `print_route`), without its trailing blank. */
export function printRoute(route: Route): string {
  const { type, via, dev, table, proto, scope, src, metric, onlink, mtuBytes } = route;
  return [
    ...(type === 'unicast' ? [] : [type]),
    printDestination(route.dst),
    ...(via === undefined ? [] : [`via ${via}`]),
    ...(dev === undefined ? [] : [`dev ${dev}`]),
    ...(table === 'main' ? [] : [`table ${table}`]),
    ...(proto === undefined ? [] : [`proto ${proto}`]),
    ...(scope === 'global' ? [] : [`scope ${scope}`]),
    ...(src === undefined ? [] : [`src ${src}`]),
    ...(metric === undefined ? [] : [`metric ${metric}`]),
    ...(onlink ? ['onlink'] : []),
    ...(mtuBytes === undefined ? [] : [`mtu ${mtuBytes}`]),
  ].join(' ');
}

/** `default`, a bare address for a single host, a network otherwise. */
function printDestination({ text, base, prefix, family }: Cidr): string {
  if (prefix === 0) return 'default';
  return prefix === (family === 4 ? 32 : 128) ? base : text;
}
