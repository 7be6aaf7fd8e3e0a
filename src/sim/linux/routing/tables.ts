/** The routing tables of a namespace: written routes plus those that the kernel derives from addresses (fib_add_ifaddr, net/ipv4/fib_frontend.c). */
import { type Cidr, cidr, cidrNth } from '../../wire/ip.ts';
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
  const derived = config.addresses
    .flatMap((a) => routesOfAddress(a, deviceNamed(config, a.dev)))
    .filter((r) => r.type === 'local' || (r.dev !== undefined && up.has(r.dev)))
    .filter((r) => !config.deletedRoutes?.some((gone) => isSame(r, gone)));
  const written = config.routes.filter((r) => r.dev === undefined || up.has(r.dev));
  return [...derived, ...written];
}

const isSame = (a: Route, b: Route): boolean =>
  a.dst.text === b.dst.text && a.dev === b.dev && a.table === b.table && a.src === b.src;

function deviceNamed(config: Pick<NetnsConfig, 'devices'>, name: string): Device | undefined {
  return config.devices.find((d) => d.name === name);
}

function routesOfAddress(address: Address, device: Device | undefined): Route[] {
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

function broadcastOf(net: Cidr): Cidr {
  return cidr(`${cidrNth(net, -1)}/32`);
}
