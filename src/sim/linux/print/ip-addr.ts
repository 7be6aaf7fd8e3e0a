import { cidr, cidrNth, familyOf } from '../../wire/ip.ts';
import type { Address } from '../config.ts';

/** Networks smaller than this have no broadcast address (RFC 3021). */
const BROADCAST_PREFIX_MAX = 30;

/** `inet 10.244.1.1/24 brd 10.244.1.255 scope global cni0`, the second line of `ip addr`, which names device and address. */
export function printAddress({ dev, ip, prefix, scope }: Address): string {
  if (familyOf(ip) === 6) return `inet6 ${ip}/${prefix} scope ${scope} ${dev}`;
  const hasBroadcast = prefix <= BROADCAST_PREFIX_MAX && scope !== 'host';
  const broadcast = hasBroadcast ? ` brd ${cidrNth(cidr(`${ip}/${prefix}`), -1)}` : '';
  return `inet ${ip}/${prefix}${broadcast} scope ${scope} ${dev}`;
}
