/** What the kernel says to `ip route add`: a gateway must be on a link of the device (`fib_check_nh_v4_gw`, net/ipv4/fib_semantics.c). */
import { cidrHas, familyOf } from '../../wire/ip.ts';
import type { NetnsConfig, RefusedRoute, Route } from '../config.ts';
import { routesOf } from './tables.ts';

/** `fib_check_nh_v4_gw` says why; of IPv6 `ip` prints the bare errno (`ip6_route_check_nh`). */
const INVALID_GATEWAY = { 4: 'Nexthop has invalid gateway', 6: 'No route to host' } as const;

export interface Accepted {
  readonly routes: readonly Route[];
  readonly refused: readonly RefusedRoute[];
}

/** Of what somebody wants to write, in that order, what then stands and what does not. */
export function acceptRoutes(config: Pick<NetnsConfig, 'devices' | 'addresses'>, wanted: readonly Route[]): Accepted {
  // An address alone makes no link, and with IPVS there are ten thousand.
  const addresses = config.addresses.filter(({ ip, prefix }) => prefix < (familyOf(ip) === 4 ? 32 : 128));
  // Routes by another router do not count: the gateway must hear the frame itself.
  const links = routesOf({ ...config, addresses, routes: wanted }).filter(
    ({ type, scope, via, dst }) => type === 'unicast' && (scope === 'link' || dst.family === 6) && via === undefined,
  );
  const isOnLink = ({ via, dev, onlink }: Route): boolean =>
    via === undefined ||
    onlink === true ||
    links.some((link) => cidrHas(link.dst, via) && (dev === undefined || link.dev === dev));
  return {
    routes: wanted.filter(isOnLink),
    refused: wanted
      .filter((route) => !isOnLink(route))
      .map((route) => ({ route, error: INVALID_GATEWAY[route.dst.family] })),
  };
}
