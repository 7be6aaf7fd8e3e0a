/** ICMP errors and echo replies (net/ipv4/icmp.c). */
import { type Icmp, icmpName, isIcmpError } from '../wire/frame.ts';
import { cidrHas, MULTICAST_NET } from '../wire/ip.ts';
import type { Kernel } from './kernel.ts';
import { makeLocal } from './local.ts';
import { opposite } from './netfilter/conntrack.ts';
import type { RejectWith } from './netfilter/iptables/rule.ts';
import type { Netns } from './netns.ts';
import { ipOf, type Skb } from './skb.ts';

const ICMP_HEADER_BYTES = 8;
/** An error carries as much of the packet as fits 576 bytes (RFC 1812 section 4.3.2.3). */
const ICMP_ERROR_BYTES_MAX = 576;
const IP_HEADER_BYTES = 20;

export interface IcmpErrorKind {
  readonly type: number;
  readonly code: number;
  readonly mtu?: number;
}

export const REJECT_CODES: Readonly<Record<Exclude<RejectWith, 'tcp-reset'>, IcmpErrorKind>> = {
  'icmp-net-unreachable': { type: 3, code: 0 },
  'icmp-host-unreachable': { type: 3, code: 1 },
  'icmp-proto-unreachable': { type: 3, code: 2 },
  'icmp-port-unreachable': { type: 3, code: 3 },
  'icmp-net-prohibited': { type: 3, code: 9 },
  'icmp-host-prohibited': { type: 3, code: 10 },
  'icmp-admin-prohibited': { type: 3, code: 13 },
};

/**
 * Tells the sender of `about` what went wrong. Silent about errors, later fragments and packets that were not for one machine.
 * SIMPLIFIED: no rate limit (icmp_ratelimit, per-peer limits), no redirects.
 */
export function icmpError(k: Kernel, ns: Netns, about: Skb, what: IcmpErrorKind): void {
  const packet = ipOf(about);
  if (isIcmpError(packet.l4) || packet.fragOffset > 0 || about.type !== 'host') return;
  if (packet.dst === '255.255.255.255' || cidrHas(MULTICAST_NET, packet.dst) || !about.dst) return;
  // An error about a packet to one of our addresses comes from that address; else the route to the sender decides.
  const from = about.dst.type === 'local' ? packet.dst : undefined;
  const quotedBytes = Math.min(packet.len, ICMP_ERROR_BYTES_MAX - IP_HEADER_BYTES - ICMP_HEADER_BYTES);
  const icmp: Icmp = {
    proto: 'icmp',
    type: what.type,
    code: what.code,
    id: 0,
    seq: 0,
    dataBytes: quotedBytes,
    quoted: packet,
    ...(what.mtu === undefined ? {} : { mtu: what.mtu }),
  };
  const skb = makeLocal(k, ns, {
    to: packet.src,
    from,
    l4: icmp,
    len: IP_HEADER_BYTES + ICMP_HEADER_BYTES + quotedBytes,
    df: false,
    by: 'kernel',
    what: `ICMP ${icmpName(icmp)}`,
    answers: about.id,
  });
  if (!skb) return;
  if (about.ct?.entry) skb.ct = { entry: about.ct.entry, state: 'RELATED', dir: opposite(about.ct.dir) };
  k.ops.localOut(k, ns, skb);
}

/** The kernel answers an echo request for any of its addresses. */
export function echoReply(k: Kernel, ns: Netns, request: Skb, icmp: Icmp): void {
  const packet = ipOf(request);
  const reply: Icmp = { ...icmp, type: 0, code: 0 };
  const skb = makeLocal(k, ns, {
    to: packet.src,
    from: packet.dst,
    l4: reply,
    len: packet.len,
    df: false,
    by: 'kernel',
    what: 'ICMP echo reply',
    answers: request.id,
  });
  if (skb) k.ops.localOut(k, ns, skb);
}
