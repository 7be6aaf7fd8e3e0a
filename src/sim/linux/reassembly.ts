/** Fragments: cutting a packet for a small link, and joining the pieces again (net/ipv4/ip_output.c, ip_fragment.c). */
import { type IpPacket, isLaterFragment } from '../wire/frame.ts';
import { type Kernel, tell } from './kernel.ts';
import type { Netns } from './netns.ts';
import { ipOf, type Skb } from './skb.ts';

export const IP_HEADER_BYTES = 20;

export const isFragment = (p: IpPacket): boolean => p.mf || p.fragOffset > 0;

/** The pieces of a packet for a link of `mtuBytes`; all but the last carry a multiple of 8 bytes. */
export function cut(packet: IpPacket, mtuBytes: number): readonly IpPacket[] {
  const room = Math.floor((mtuBytes - IP_HEADER_BYTES) / 8) * 8;
  const total = packet.len - IP_HEADER_BYTES;
  const pieces: IpPacket[] = [];
  for (let offset = 0; offset < total; offset += room) {
    const size = Math.min(room, total - offset);
    const l4 =
      offset === 0 && packet.fragOffset === 0 ? packet.l4 : { proto: packet.l4.proto, fragment: true as const };
    const mf = packet.mf || offset + size < total;
    pieces.push({ ...packet, len: size + IP_HEADER_BYTES, fragOffset: packet.fragOffset + offset, mf, l4 });
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
  if (by === 'conntrack') skb.fragMaxBytes = Math.max(...sizes);
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
    reached += piece.len - IP_HEADER_BYTES;
  }
  const complete = sorted[sorted.length - 1]?.mf === false;
  return complete ? { ...first, len: reached + IP_HEADER_BYTES, mf: false } : undefined;
}
