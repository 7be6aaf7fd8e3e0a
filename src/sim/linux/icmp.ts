/** ICMP errors and echo replies (net/ipv4/icmp.c, net/ipv6/icmp.c). */
import { headerBytes, type Icmp, type IcmpProtocol, type IpPacket, icmpName, isIcmpError } from '../wire/frame.ts';
import { cidrHas, familyOf, type Ip, MULTICAST_NET } from '../wire/ip.ts';
import { IP6_MTU_MIN, isMulticast6, isScoped } from '../wire/ip6.ts';
import type { Kernel } from './kernel.ts';
import { makeLocal } from './local.ts';
import { opposite } from './netfilter/conntrack.ts';
import type { RejectWith } from './netfilter/iptables/rule.ts';
import type { Netns } from './netns.ts';
import { selectAddress6 } from './routing/source6.ts';
import { ipOf, type Skb } from './skb.ts';

export const ICMP_HEADER_BYTES = 8;
/** An error carries as much of the packet as fits so many bytes (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4). */
const ICMP_ERROR_BYTES_MAX = { 4: 576, 6: IP6_MTU_MIN } as const;

/** What went wrong. */
export type IcmpCause =
  | 'no-route'
  | 'route-unreachable'
  | 'route-prohibited'
  | 'neighbour-silent'
  | 'protocol-unknown'
  | 'port-closed'
  | 'too-big'
  | 'ttl-exceeded';

type Code = readonly [type: number, code: number];

/** How the two families say it. */
const CODES: Readonly<Record<IcmpCause, Readonly<Record<4 | 6, Code>>>> = {
  'no-route': { 4: [3, 0], 6: [1, 0] },
  'route-unreachable': { 4: [3, 1], 6: [1, 0] },
  'route-prohibited': { 4: [3, 13], 6: [1, 1] },
  'neighbour-silent': { 4: [3, 1], 6: [1, 3] },
  'protocol-unknown': { 4: [3, 2], 6: [4, 1] },
  'port-closed': { 4: [3, 3], 6: [1, 4] },
  'too-big': { 4: [3, 4], 6: [2, 0] },
  'ttl-exceeded': { 4: [11, 0], 6: [3, 0] },
};

/** The default of both families is "port unreachable", by whichever of its two names a rule has it. */
const REJECT_CODES: Readonly<Record<Exclude<RejectWith, 'tcp-reset'>, Readonly<Record<4 | 6, Code>>>> = {
  'icmp-net-unreachable': { 4: [3, 0], 6: [1, 0] },
  'icmp-host-unreachable': { 4: [3, 1], 6: [1, 3] },
  'icmp-proto-unreachable': { 4: [3, 2], 6: [1, 4] },
  'icmp-port-unreachable': { 4: [3, 3], 6: [1, 4] },
  'icmp-net-prohibited': { 4: [3, 9], 6: [1, 1] },
  'icmp-host-prohibited': { 4: [3, 10], 6: [1, 1] },
  'icmp-admin-prohibited': { 4: [3, 13], 6: [1, 1] },
  'icmp6-no-route': { 4: [3, 0], 6: [1, 0] },
  'icmp6-adm-prohibited': { 4: [3, 13], 6: [1, 1] },
  'icmp6-addr-unreachable': { 4: [3, 1], 6: [1, 3] },
  'icmp6-port-unreachable': { 4: [3, 3], 6: [1, 4] },
};

export function icmpError(k: Kernel, ns: Netns, about: Skb, cause: IcmpCause, mtu?: number): void {
  sendError(k, ns, about, CODES[cause][familyOf(ipOf(about).dst)], mtu);
}

/** What a REJECT rule answers. */
export function icmpReject(k: Kernel, ns: Netns, about: Skb, how: Exclude<RejectWith, 'tcp-reset'>): void {
  sendError(k, ns, about, REJECT_CODES[how][familyOf(ipOf(about).dst)]);
}

const protocolOf = (address: Ip): IcmpProtocol => (familyOf(address) === 6 ? 'ipv6-icmp' : 'icmp');

/**
 * Tells the sender of `about` what went wrong. Silent about errors, later fragments (of IPv4) and packets that were not for one machine.
 * SIMPLIFIED: no rate limit (icmp_ratelimit, per-peer limits), no redirects.
 */
function sendError(k: Kernel, ns: Netns, about: Skb, [type, code]: Code, mtu?: number): void {
  const packet = ipOf(about);
  if (isIcmpError(packet.l4) || !isForOne(about)) return;
  // `is_ineligible` of IPv6 looks at no offset.
  if (packet.fragOffset > 0 && familyOf(packet.dst) === 4) return;
  if (packet.dst === '255.255.255.255' || cidrHas(MULTICAST_NET, packet.dst) || isMulticast6(packet.dst)) return;
  // A packet that a bridge lent has no route, and its sender is told all the same.
  const from = about.dst?.type === 'local' ? packet.dst : senderOf(ns, about, packet);
  const header = headerBytes(packet.dst);
  const bytesMax = ICMP_ERROR_BYTES_MAX[familyOf(packet.dst)];
  const quotedBytes = Math.min(packet.len, bytesMax - header - ICMP_HEADER_BYTES);
  const icmp: Icmp = {
    proto: protocolOf(packet.dst),
    type,
    code,
    id: 0,
    seq: 0,
    dataBytes: quotedBytes,
    quoted: packet,
    ...(mtu === undefined ? {} : { mtu }),
  };
  const skb = makeLocal(k, ns, {
    to: packet.src,
    from,
    l4: icmp,
    len: header + ICMP_HEADER_BYTES + quotedBytes,
    df: false,
    by: 'kernel',
    what: `${icmp.proto === 'icmp' ? 'ICMP' : 'ICMPv6'} ${icmpName(icmp)}`,
    answers: about.id,
    ...linkOf(packet.src, about),
  });
  if (!skb) return;
  if (about.ct?.entry) skb.ct = { entry: about.ct.entry, state: 'RELATED', dir: opposite(about.ct.dir) };
  k.ops.localOut(k, ns, skb);
}

/** br_netfilter calls a frame for somebody else its own while it lends it (`setup_pre_routing`). */
const isForOne = ({ type, bridged }: Skb): boolean => type === 'host' || (type === 'otherhost' && bridged !== null);

/**
 * Who an error is from that is not about a packet to us: the route to its sender decides; of IPv6 the device that it came in by, so that
 * a traceroute shows the near side of each router (`icmp6_send`, checked against Linux 6.18).
 */
const senderOf = (ns: Netns, { iif }: Skb, { src }: IpPacket): Ip | undefined =>
  familyOf(src) === 6 && iif !== undefined ? selectAddress6(ns, iif, src) : undefined;

/** An answer to an address of one link goes out by that link. */
const linkOf = (to: Ip, about: Skb): { readonly dev?: string } =>
  isScoped(to) && about.iif !== undefined ? { dev: about.iif } : {};

const ECHO_REPLY = { icmp: 0, 'ipv6-icmp': 129 } as const;

/** The kernel answers an echo request for any of its addresses. */
export function echoReply(k: Kernel, ns: Netns, request: Skb, icmp: Icmp): void {
  const packet = ipOf(request);
  const reply: Icmp = { ...icmp, type: ECHO_REPLY[icmp.proto], code: 0 };
  const skb = makeLocal(k, ns, {
    to: packet.src,
    from: packet.dst,
    l4: reply,
    len: packet.len,
    df: false,
    by: 'kernel',
    what: `${icmp.proto === 'icmp' ? 'ICMP' : 'ICMPv6'} echo reply`,
    answers: request.id,
    ...linkOf(packet.src, request),
  });
  if (skb) k.ops.localOut(k, ns, skb);
}
