/** The addresses of a namespace: those that somebody wrote, and the link-local ones that the kernel adds by itself (net/ipv6/addrconf.c). */
import { familyOf } from '../wire/ip.ts';
import { LOOPBACK_6, linkLocalOf } from '../wire/ip6.ts';
import type { Address, Device, NetnsConfig } from './config.ts';
import type { Origin } from './origin.ts';

const LINK_LOCAL_PREFIX = 64;
const KERNEL: Origin = { by: 'kernel', why: 'it follows from the MAC address' };

type Addressed = Pick<NetnsConfig, 'devices' | 'addresses'>;

/** SIMPLIFIED: a namespace without an IPv6 address of its own is as one where `disable_ipv6` is 1. */
export const speaksIpv6 = ({ addresses }: Pick<Addressed, 'addresses'>): boolean =>
  addresses.some(({ ip }) => familyOf(ip) === 6 && ip !== LOOPBACK_6);

/** Tunnels of IPv4 alone and loopback have none. */
export const hasLinkLocal = ({ kind, up }: Device): boolean => up && kind !== 'loopback' && kind !== 'ipip';

/** Past duplicate address detection, which no packet of a trace waits for. */
export function linkLocals(config: Addressed): readonly Address[] {
  if (!speaksIpv6(config)) return [];
  const written = new Set(config.addresses.filter(({ ip }) => ip.startsWith('fe80:')).map(({ dev }) => dev));
  return config.devices
    .filter((dev) => hasLinkLocal(dev) && !written.has(dev.name))
    .map(({ name, mac }) => ({
      dev: name,
      ip: linkLocalOf(mac),
      prefix: LINK_LOCAL_PREFIX,
      scope: 'link',
      origin: KERNEL,
    }));
}

/** As `ip addr` lists them. */
export function addressesOf(config: Addressed): readonly Address[] {
  const derived = linkLocals(config);
  return derived.length === 0 ? config.addresses : [...config.addresses, ...derived];
}
