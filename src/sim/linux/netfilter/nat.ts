/**
 * Address translation (net/netfilter/nf_nat_core.c, nf_nat_proto.c). Rules decide once, for the first packet of a flow; every packet,
 * the first one too, is then rewritten from the entry. That is why replies never meet a nat rule.
 */
import { type IpPacket, isIcmp, isIcmpError, isLaterFragment } from '../../wire/frame.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import { type Kernel, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { selectAddress } from '../routing/fib.ts';
import { ipOf, type Skb } from '../skb.ts';
import type { CtTuple } from '../step.ts';
import { type CtEntry, type CtRef, type Direction, invert, opposite, snapshot, tupleOfDir } from './conntrack.ts';
import type { HookName } from './iptables/rule.ts';
import { type Manip, manipAt } from './manip.ts';

/** Ports tried before a translation is given up (`nf_nat_l4proto_unique_tuple` gives up too). */
const PORT_TRIES_MAX = 128;

/** What a nat rule asks for. */
export interface NatRequest {
  readonly manip: Manip;
  readonly to: Ip;
  readonly port?: number;
  readonly randomPort?: boolean;
}

/** Masquerading takes the address of the device that the packet leaves by (net/netfilter/nf_nat_masquerade.c). */
export function masqueradeRequest(
  ns: Netns,
  skb: Skb,
  oif: string | undefined,
  randomPort: boolean,
): NatRequest | undefined {
  const to = oif === undefined ? undefined : selectAddress(ns, oif, nearest(skb));
  return to === undefined ? undefined : { manip: 'src', to, randomPort };
}

/** IPv6 asks for the destination, IPv4 for the next hop. */
function nearest(skb: Skb): Ip {
  const { dst } = ipOf(skb);
  return familyOf(dst) === 6 ? dst : (skb.dst?.nextHop ?? ('0.0.0.0' as Ip));
}

/** Writes the request into the entry (`nf_nat_setup_info`). False when no free port was found. */
export function setUpNat(k: Kernel, ns: Netns, entry: CtEntry, request: NatRequest): boolean {
  const current = invert(entry.proto, entry.reply);
  const wanted =
    request.manip === 'dst'
      ? { ...current, dst: request.to, dport: request.port ?? current.dport }
      : sourceTuple(k, ns, entry, current, request);
  if (!wanted) return false;
  const changed =
    wanted.src !== current.src ||
    wanted.dst !== current.dst ||
    wanted.sport !== current.sport ||
    wanted.dport !== current.dport;
  if (changed) {
    entry.reply = invert(entry.proto, wanted);
    if (request.manip === 'dst') entry.dnat = true;
    else entry.snat = true;
  }
  markDone(entry, request.manip);
  return true;
}

/** No rule matched: the side is decided all the same, and a source port gives way if another flow holds it. */
export function setUpNothing(k: Kernel, ns: Netns, entry: CtEntry, manip: Manip): boolean {
  if (manip === 'dst' || !ns.memory.conntrack.taken(entry.proto, entry.reply, entry.original)) {
    markDone(entry, manip);
    return true;
  }
  return setUpNat(k, ns, entry, { manip, to: invert(entry.proto, entry.reply).src });
}

function markDone(entry: CtEntry, manip: Manip): void {
  if (manip === 'dst') entry.dstNatDone = true;
  else entry.srcNatDone = true;
}

export const isDone = (entry: CtEntry, manip: Manip): boolean =>
  manip === 'dst' ? entry.dstNatDone : entry.srcNatDone;

function sourceTuple(k: Kernel, ns: Netns, entry: CtEntry, current: CtTuple, request: NatRequest): CtTuple | undefined {
  const kept = { ...current, src: request.to, sport: request.port ?? current.sport };
  const free = (t: CtTuple): boolean => !ns.memory.conntrack.taken(entry.proto, invert(entry.proto, t), entry.original);
  const isPortless = entry.proto === 'ipencap';
  if ((!request.randomPort || isPortless) && free(kept)) return kept;
  if (isPortless) return undefined;
  for (let i = 0; i < PORT_TRIES_MAX; i++) {
    const other = { ...kept, sport: k.choices.masqueradePort() };
    if (free(other)) return other;
  }
  return undefined;
}

/** Rewrites the packet from its entry (`nf_nat_packet`), or the ICMP error and what it quotes (`nf_nat_icmp_reply_translation`). */
export function translate(k: Kernel, ns: Netns, skb: Skb, hook: HookName, cause: 'rule' | 'conntrack'): void {
  const ref = skb.ct;
  if (!ref?.entry) return;
  const manip = manipAt(hook);
  if (!applies(ref.entry, manip, ref.dir)) return;
  const before = ipOf(skb);
  const target = invert(ref.entry.proto, tupleOfDir(ref.entry, opposite(ref.dir)));
  const isError = isIcmpError(before.l4);
  const after = isError ? translateError(before, ref, target, manip) : rewrite(before, target, manip);
  skb.payload = after;
  tell(k, ns, skb, {
    kind: 'nat',
    manip,
    cause: isError ? 'icmp-error' : cause,
    hook,
    before,
    after,
    entry: snapshot(ref.entry),
  });
}

/** Replies are translated the other way round: what was DNAT for the request is a source rewrite for the reply. */
function applies(entry: CtEntry, manip: Manip, dir: Direction): boolean {
  const side = dir === 'original' ? manip : manip === 'src' ? 'dst' : 'src';
  return side === 'src' ? entry.snat : entry.dnat;
}

function translateError(
  packet: IpPacket,
  ref: CtRef & { entry: CtEntry | null },
  target: CtTuple,
  manip: Manip,
): IpPacket {
  const { l4 } = packet;
  if (!isIcmpError(l4) || !ref.entry) return packet;
  const original = tupleOfDir(ref.entry, opposite(ref.dir));
  const quoted = rewrite(l4.quoted, original, manip === 'src' ? 'dst' : 'src');
  const outer = manip === 'src' ? { src: target.src } : { dst: target.dst };
  return { ...packet, ...outer, l4: { ...l4, quoted } };
}

function rewrite(packet: IpPacket, target: CtTuple, manip: Manip): IpPacket {
  const { l4 } = packet;
  const addressed = manip === 'src' ? { ...packet, src: target.src } : { ...packet, dst: target.dst };
  if (isLaterFragment(l4)) return addressed;
  if (l4.proto === 'ipencap') return addressed;
  if (isIcmp(l4)) return { ...addressed, l4: { ...l4, id: target.sport } };
  return { ...addressed, l4: manip === 'src' ? { ...l4, sport: target.sport } : { ...l4, dport: target.dport } };
}
