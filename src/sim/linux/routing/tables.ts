/** The routing tables of a namespace: written routes plus those that the kernel derives from addresses (fib_add_ifaddr, net/ipv4/fib_frontend.c). */
import { type Cidr, cidr, cidrNth, familyOf } from '../../wire/ip.ts';
import { MULTICAST_NET_6 } from '../../wire/ip6.ts';
import { linkLocals } from '../addresses.ts';
import type { Address, Device, NetnsConfig, Route } from '../config.ts';
import type { Origin } from '../origin.ts';

const KERNEL: Origin = { by: 'kernel', why: 'it follows from the address' };

/**
 * All routes that are in force, as `ip route show table all` would list them. Routes of a device that is down are
 * gone, but its addresses stay addresses of this machine (fib_disable_ip flushes, fib_del_ifaddr does not run): kube-ipvs0 is never up.
 */
export function routesOf(
  config: Pick<NetnsConfig, 'devices' | 'addresses' | 'routes' | 'deletedRoutes'>,
): readonly Route[] {
  const up = new Set(config.devices.filter((d) => d.up).map((d) => d.name));
  const local6 = linkLocals(config);
  const groups = local6.filter(({ dev }) => deviceNamed(config, dev)?.up).map(groupRoute);
  const derived = [...config.addresses, ...local6]
    .flatMap((a) => routesOfAddress(a, deviceNamed(config, a.dev)))
    .filter((r) => r.type === 'local' || (r.dev !== undefined && up.has(r.dev)))
    .filter((r) => !config.deletedRoutes?.some((gone) => isSame(r, gone)));
  const written = config.routes.filter((r) => r.dev === undefined || up.has(r.dev));
  return [...derived, ...groups, ...written];
}

const isSame = (a: Route, b: Route): boolean =>
  a.dst.text === b.dst.text && a.dev === b.dev && a.table === b.table && a.src === b.src;

function deviceNamed(config: Pick<NetnsConfig, 'devices'>, name: string): Device | undefined {
  return config.devices.find((d) => d.name === name);
}

function routesOfAddress(address: Address, device: Device | undefined): Route[] {
  if (familyOf(address.ip) === 6) return routesOfAddress6(address, device);
  const origin = address.origin ? { ...address.origin, why: 'it follows from the address' } : KERNEL;
  const base = { dev: address.dev, src: address.ip, proto: 'kernel', origin } as const;
  const net = cidr(`${address.ip}/${address.prefix}`);
  const routes: Route[] = [{ ...base, dst: cidr(`${address.ip}/32`), type: 'local', table: 'local', scope: 'host' }];
  if (device?.kind === 'loopback') {
    if (address.prefix < 32) routes.unshift({ ...base, dst: net, type: 'local', table: 'local', scope: 'host' });
    return routes;
  }
  if (address.prefix < 32) routes.push({ ...base, dst: net, type: 'unicast', table: 'main', scope: 'link' });
  if (address.prefix < 31)
    routes.push({ ...base, dst: broadcastOf(net), type: 'broadcast', table: 'local', scope: 'link' });
  return routes;
}

/** `IP6_RT_PRIO_ADDRCONF` and `IP6_RT_PRIO_USER`. */
const METRIC_6 = { kernel: 256, written: 1024 } as const;

/** net/ipv6/addrconf.c. SIMPLIFIED: a router has no anycast address (`fd00::` of `fd00::/64`). */
function routesOfAddress6(address: Address, device: Device | undefined): Route[] {
  const origin = address.origin ? { ...address.origin, why: 'it follows from the address' } : KERNEL;
  const base = { dev: address.dev, proto: 'kernel', scope: 'global', origin } as const;
  const own: Route = { ...base, dst: cidr(address.ip), type: 'local', table: 'local', metric: 0 };
  if (device?.kind === 'loopback' || address.prefix === 128) return [own];
  const dst = cidr(`${address.ip}/${address.prefix}`);
  return [own, { ...base, dst, type: 'unicast', table: 'main', metric: METRIC_6.kernel }];
}

/** Every device that speaks IPv6 hears groups. */
const groupRoute = ({ dev }: Address): Route => ({
  dst: MULTICAST_NET_6,
  type: 'multicast',
  dev,
  table: 'local',
  scope: 'global',
  proto: 'kernel',
  metric: METRIC_6.kernel,
  origin: KERNEL,
});

/** The longest prefix first, then the lowest metric. */
export const orderOfRoute = (a: Route, b: Route): number => b.dst.prefix - a.dst.prefix || metricOf(a) - metricOf(b);

export const metricOf = ({ metric, dst }: Route): number => metric ?? (dst.family === 4 ? 0 : METRIC_6.written);

function broadcastOf(net: Cidr): Cidr {
  return cidr(`${cidrNth(net, -1)}/32`);
}
