/**
 * Fragments: cutting a packet for a small link, and joining the pieces again (net/ipv4/ip_output.c, ip_fragment.c; net/ipv6/ip6_output.c,
 * reassembly.c).
 */
import { headerBytes, type IpPacket, isLaterFragment } from '../wire/frame.ts';
import { familyOf } from '../wire/ip.ts';
import { FRAGMENT_HEADER_BYTES } from '../wire/ip6.ts';
import { type Kernel, tell } from './kernel.ts';
import type { Netns } from './netns.ts';
import { ipOf, type Skb } from './skb.ts';

/** Of a piece; IPv6 writes into each a header more than the whole packet has. */
const pieceHeader = ({ dst }: IpPacket): number => headerBytes(dst) + (familyOf(dst) === 6 ? FRAGMENT_HEADER_BYTES : 0);

export const isFragment = (p: IpPacket): boolean => p.mf || p.fragOffset > 0;

/** The pieces of a packet for a link of `mtuBytes`; all but the last carry a multiple of 8 bytes. */
export function cut(packet: IpPacket, mtuBytes: number): readonly IpPacket[] {
  const header = pieceHeader(packet);
  const room = Math.floor((mtuBytes - header) / 8) * 8;
  const total = packet.len - headerBytes(packet.dst);
  const pieces: IpPacket[] = [];
  for (let offset = 0; offset < total; offset += room) {
    const size = Math.min(room, total - offset);
    const l4 =
      offset === 0 && packet.fragOffset === 0 ? packet.l4 : { proto: packet.l4.proto, fragment: true as const };
    const mf = packet.mf || offset + size < total;
    pieces.push({ ...packet, len: size + header, fragOffset: packet.fragOffset + offset, mf, l4 });
  }
  return pieces;
}

/**
 * Takes a piece in. True: go on, the packet is whole (it was, or this was the missing piece and `skb` now holds all of it).
 * False: it waits for the rest.
 */
export function gather(k: Kernel, ns: Netns, skb: Skb, by: 'conntrack' | 'delivery'): boolean {
  const packet = ipOf(skb);
  if (!isFragment(packet)) return true;
  const key = `${packet.src}|${packet.dst}|${packet.l4.proto}|${packet.id}`;
  const waiting = [...(ns.memory.fragments.get(key) ?? []), skb];
  const sizes = waiting.map((s) => ipOf(s).len);
  const whole = join(waiting.map(ipOf));
  if (!whole) {
    ns.memory.fragments.set(key, waiting);
    return false;
  }
  ns.memory.fragments.delete(key);
  skb.payload = whole;
  if (by === 'conntrack') {
    skb.fragMaxBytes = Math.max(...sizes);
    skb.joinedBytes = skb.fragMaxBytes;
  }
  tell(k, ns, skb, { kind: 'reassemble', by, pieces: waiting.length });
  return true;
}

function join(pieces: readonly IpPacket[]): IpPacket | undefined {
  const sorted = [...pieces].sort((a, b) => a.fragOffset - b.fragOffset);
  const first = sorted[0];
  if (first?.fragOffset !== 0 || isLaterFragment(first.l4)) return undefined;
  let reached = 0;
  for (const piece of sorted) {
    if (piece.fragOffset !== reached) return undefined;
    reached += piece.len - pieceHeader(piece);
  }
  const complete = sorted[sorted.length - 1]?.mf === false;
  return complete ? { ...first, len: reached + headerBytes(first.dst), mf: false } : undefined;
}
