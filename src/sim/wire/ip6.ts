/** What only IPv6 addresses have: scopes, link-local addresses that follow from a MAC, groups that are asked for a neighbour (RFC 4291). */
import { type Cidr, cidr, cidrHas, type Ip, ip, ipWords, wordsToIp } from './ip.ts';
import { type Mac, mac } from './mac.ts';

export const IP6_HEADER_BYTES = 40;
/** What a source writes into each piece (RFC 8200 section 4.5). */
export const FRAGMENT_HEADER_BYTES = 8;
/** Every link carries packets of this size (RFC 8200 section 5). */
export const IP6_MTU_MIN = 1280;
/** Neighbour discovery is heard from the link itself only (RFC 4861 section 7.1). */
export const NDP_HOP_LIMIT = 255;

export const ANY_NET_6: Cidr = cidr('::/0');
export const LOOPBACK_6: Ip = ip('::1');
export const LINK_LOCAL_NET: Cidr = cidr('fe80::/10');
export const MULTICAST_NET_6: Cidr = cidr('ff00::/8');
export const ALL_NODES: Ip = ip('ff02::1');

export const isLinkLocal = (address: Ip): boolean => cidrHas(LINK_LOCAL_NET, address);
export const isMulticast6 = (address: Ip): boolean => cidrHas(MULTICAST_NET_6, address);
/** Means something on one link only: a route to it must say which. */
export const isScoped = (address: Ip): boolean => isLinkLocal(address) || isMulticast6(address);

/** `fe80::` and the modified EUI-64 of a MAC (RFC 4291 appendix A; `addr_gen_mode` 0, which is what Linux starts with). */
export function linkLocalOf(address: Mac): Ip {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = address.split(':').map((octet) => Number.parseInt(octet, 16));
  return wordsToIp([
    0xfe800000,
    0,
    (((a ^ 2) << 24) | (b << 16) | (c << 8) | 0xff) >>> 0,
    ((0xfe << 24) | (d << 16) | (e << 8) | f) >>> 0,
  ]);
}

/** The group in which whoever has `address` listens for questions (RFC 4291 section 2.7.1). */
export function solicitedNode(address: Ip): Ip {
  return wordsToIp([0xff020000, 0, 1, (0xff000000 | ((ipWords(address)[3] ?? 0) & 0xffffff)) >>> 0]);
}

/** Frames to a group (RFC 2464 section 7). */
export function multicastMac(group: Ip): Mac {
  const last = (ipWords(group)[3] ?? 0).toString(16).padStart(8, '0');
  return mac(`33:33:${last.match(/../g)?.join(':') ?? ''}`);
}
