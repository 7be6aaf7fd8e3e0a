/**
 * Connection tracking of one namespace (net/netfilter/nf_conntrack_core.c, nf_conntrack_proto_{tcp,udp,sctp,icmp}.c). An entry has two
 * tuples; NAT is nothing but a reply tuple that is not the mirror of the original one.
 */
import {
  type Icmp,
  type IpPacket,
  isEchoRequest,
  isIcmp,
  isIcmpError,
  isLaterFragment,
  isNdp,
  type Protocol,
} from '../../wire/frame.ts';
import type { CtSnapshot, CtTuple, CtVerdict } from '../step.ts';
import { nextSctpState, type SctpState } from './sctp-state.ts';
import { nextTcpState, type TcpState } from './tcp-state.ts';

export type Direction = 'original' | 'reply';

export interface CtEntry {
  readonly id: number;
  readonly proto: Protocol;
  readonly original: CtTuple;
  reply: CtTuple;
  tcpState: TcpState | undefined;
  sctpState: SctpState | undefined;
  seenReply: boolean;
  assured: boolean;
  /** In the table; before that it belongs to its first packet only and dies with it. */
  confirmed: boolean;
  /** Address translation was decided (perhaps to nothing) at the source / destination side. */
  srcNatDone: boolean;
  dstNatDone: boolean;
  /** It was decided to something. */
  snat: boolean;
  dnat: boolean;
  mark: number;
}

/** A packet's relation to an entry (`ctinfo`). `entry` null: INVALID or UNTRACKED. */
export interface CtRef {
  readonly entry: CtEntry | null;
  readonly state: CtVerdict;
  readonly dir: Direction;
}

export const UNTRACKED: CtRef = { entry: null, state: 'UNTRACKED', dir: 'original' };
const INVALID: CtRef = { entry: null, state: 'INVALID', dir: 'original' };

export class ConntrackTable {
  private readonly byTuple = new Map<string, { readonly entry: CtEntry; readonly dir: Direction }>();
  private nextId = 1;

  find(proto: Protocol, tuple: CtTuple): { readonly entry: CtEntry; readonly dir: Direction } | undefined {
    return this.byTuple.get(keyOf(proto, tuple));
  }

  create(proto: Protocol, original: CtTuple): CtEntry {
    return {
      id: this.nextId++,
      proto,
      original,
      reply: invert(proto, original),
      tcpState: undefined,
      sctpState: undefined,
      seenReply: false,
      assured: false,
      confirmed: false,
      srcNatDone: false,
      dstNatDone: false,
      snat: false,
      dnat: false,
      mark: 0,
    };
  }

  /**
   * `nf_conntrack_confirm`: from now on other packets find it. Where another packet of the flow was faster, the entry that stands is used
   * if both lead to the same place (`nf_ct_can_merge`); else null: the packet is dropped. Linux 5.6 and later would insert it for answers
   * alone (`nf_ct_resolve_clash_harder`, commit 6a757c07e51f).
   */
  confirm(entry: CtEntry): CtEntry | null {
    if (entry.confirmed) return entry;
    const first = this.byTuple.get(keyOf(entry.proto, entry.original));
    if (first?.dir === 'original' && first.entry !== entry)
      return keyOf(entry.proto, first.entry.reply) === keyOf(entry.proto, entry.reply) ? first.entry : null;
    entry.confirmed = true;
    this.byTuple.set(keyOf(entry.proto, entry.original), { entry, dir: 'original' });
    this.byTuple.set(keyOf(entry.proto, entry.reply), { entry, dir: 'reply' });
    return entry;
  }

  /** Would a reply tuple collide with that of another flow? A packet of the same flow that was faster is none. */
  taken(proto: Protocol, reply: CtTuple, original: CtTuple): boolean {
    const other = this.byTuple.get(keyOf(proto, reply))?.entry;
    return other !== undefined && keyOf(proto, other.original) !== keyOf(proto, original);
  }

  entries(): readonly CtEntry[] {
    return [...this.byTuple.values()].filter((v) => v.dir === 'original').map((v) => v.entry);
  }
}

/**
 * Finds or makes the entry of a packet and moves its state on (`nf_conntrack_in`). `created` tells a new flow. Neighbour discovery is left
 * alone (`noct_valid_new` in nf_conntrack_proto_icmpv6.c).
 */
export function track(
  table: ConntrackTable,
  packet: IpPacket,
  loose: boolean,
  isRacing = false,
): { readonly ref: CtRef; readonly created: boolean } {
  const { l4 } = packet;
  if (isNdp(l4)) return { ref: UNTRACKED, created: false };
  if (isIcmpError(l4)) return { ref: relatedTo(table, packet, l4), created: false };
  const tuple = tupleOf(packet);
  if (!tuple) return { ref: INVALID, created: false };
  const found = table.find(l4.proto, tuple);
  // On another CPU, and not confirmed yet: what one packet of a flow began, the next one does not see.
  const isUnseen = isRacing && l4.proto === 'udp' && found?.dir === 'original' && !found.entry.seenReply;
  if (!found || isUnseen) {
    if (!mayStart(packet, loose)) return { ref: INVALID, created: false };
    const entry = table.create(l4.proto, tuple);
    advance(entry, packet, 'original');
    return { ref: { entry, state: 'NEW', dir: 'original' }, created: true };
  }
  if (!advance(found.entry, packet, found.dir)) return { ref: INVALID, created: false };
  if (found.dir === 'reply') {
    found.entry.seenReply = true;
    return { ref: { entry: found.entry, state: 'ESTABLISHED', dir: 'reply' }, created: false };
  }
  return {
    ref: { entry: found.entry, state: found.entry.seenReply ? 'ESTABLISHED' : 'NEW', dir: 'original' },
    created: false,
  };
}

/** Moves the protocol state; false when the packet does not fit the flow (INVALID). */
function advance(entry: CtEntry, packet: IpPacket, dir: Direction): boolean {
  const { l4 } = packet;
  if (l4.proto === 'tcp' && 'flags' in l4) {
    const next = nextTcpState(entry.tcpState, l4.flags, dir);
    if (next === 'INVALID') return false;
    if (next === 'ESTABLISHED' && dir === 'original' && entry.seenReply) entry.assured = true;
    entry.tcpState = next;
  } else if (l4.proto === 'sctp' && 'chunk' in l4) {
    const next = nextSctpState(entry.sctpState, l4.chunk, dir);
    if (next === 'ESTABLISHED' && entry.sctpState === 'COOKIE_ECHOED' && dir === 'reply') entry.assured = true;
    entry.sctpState = next;
  } else if (l4.proto === 'udp' && dir === 'original' && entry.seenReply) entry.assured = true;
  return true;
}

/** Which packets may begin a flow: no SYN-ACK, RST or FIN of an unknown TCP flow, no stray echo reply. */
function mayStart(packet: IpPacket, loose: boolean): boolean {
  const { l4 } = packet;
  if (isIcmp(l4)) return isEchoRequest(l4);
  if (l4.proto !== 'tcp' || !('flags' in l4)) return true;
  const first = nextTcpState(undefined, l4.flags, 'original');
  return first !== 'INVALID' && (loose || first === 'SYN_SENT');
}

/** An ICMP error belongs to the flow of the packet that it quotes (`nf_conntrack_inet_error`). */
function relatedTo(table: ConntrackTable, packet: IpPacket, icmp: Icmp & { quoted: IpPacket }): CtRef {
  const inner = tupleOf(icmp.quoted);
  if (!inner) return INVALID;
  const found = table.find(icmp.quoted.l4.proto, invert(icmp.quoted.l4.proto, inner));
  if (!found) return INVALID;
  // The found direction's destination is who must hear of it; anything else is a forged or lost error.
  if (packet.dst !== tupleOfDir(found.entry, found.dir).dst) return INVALID;
  return { entry: found.entry, state: 'RELATED', dir: found.dir };
}

export const tupleOfDir = (entry: CtEntry, dir: Direction): CtTuple =>
  dir === 'original' ? entry.original : entry.reply;
export const opposite = (dir: Direction): Direction => (dir === 'original' ? 'reply' : 'original');

/** The tuple of a packet; undefined for later fragments and other ICMP. */
export function tupleOf(packet: IpPacket): CtTuple | undefined {
  const { l4 } = packet;
  if (isLaterFragment(l4)) return undefined;
  if (isIcmp(l4)) return { src: packet.src, dst: packet.dst, sport: l4.id, dport: (l4.type << 8) | l4.code };
  if (l4.proto === 'ipencap') return { src: packet.src, dst: packet.dst, sport: 0, dport: 0 };
  return { src: packet.src, dst: packet.dst, sport: l4.sport, dport: l4.dport };
}

/** The tuple that an answer would have (`nf_ct_invert_tuple`). */
export function invert(proto: Protocol, tuple: CtTuple): CtTuple {
  if (proto === 'icmp' || proto === 'ipv6-icmp')
    return { src: tuple.dst, dst: tuple.src, sport: tuple.sport, dport: invertIcmp(tuple.dport) };
  return { src: tuple.dst, dst: tuple.src, sport: tuple.dport, dport: tuple.sport };
}

/** Echo of IPv4 and of IPv6, and back. */
const ANSWERS: Readonly<Record<number, number>> = { 8: 0, 0: 8, 128: 129, 129: 128 };

function invertIcmp(typeAndCode: number): number {
  const type = typeAndCode >> 8;
  return ((ANSWERS[type] ?? type) << 8) | (typeAndCode & 0xff);
}

function keyOf(proto: Protocol, t: CtTuple): string {
  return `${proto}|${t.src}|${t.dst}|${t.sport}|${t.dport}`;
}

export function snapshot(entry: CtEntry): CtSnapshot {
  const { id, proto, original, reply, seenReply, assured, snat, dnat, mark } = entry;
  const base = { id, proto, original, reply, seenReply, assured, snat, dnat, mark };
  const state = entry.tcpState ?? entry.sctpState;
  return state ? { ...base, state } : base;
}
