/** Packets that a namespace makes itself: by a program's socket, or by the kernel's own protocol code. */
import type { L4 } from '../wire/frame.ts';
import { familyOf, type Ip } from '../wire/ip.ts';
import { drop, type Kernel, newPacketId, tell } from './kernel.ts';
import type { Netns } from './netns.ts';
import { routeOutput, routeStep } from './routing/route-output.ts';
import { makeSkb, type Skb } from './skb.ts';
import type { Culprit, DropReason, PacketId, StepBody } from './step.ts';

/** `net.ipv6.conf.all.hop_limit`. */
const HOP_LIMIT = 64;

const unspecified = (to: Ip): Ip => (familyOf(to) === 6 ? '::' : '0.0.0.0') as Ip;

export interface LocalPacket {
  readonly to: Ip;
  /** The link that an address of one link only is meant on. */
  readonly dev?: string;
  /** Absent: the route chooses. */
  readonly from: Ip | undefined;
  readonly l4: L4;
  /** Total length in bytes. */
  readonly len: number;
  readonly df: boolean;
  readonly ttl?: number | undefined;
  /** Who sends it, and what it is, for people. */
  readonly by: string;
  readonly what: string;
  readonly answers?: PacketId;
  readonly flowKey?: string | undefined;
  /** What happened in the socket call, before the packet existed. */
  readonly prelude?: readonly StepBody[] | undefined;
}

/** Makes and routes the packet; undefined when there is no route (nothing was sent, the step says so). */
export function makeLocal(k: Kernel, ns: Netns, packet: LocalPacket): Skb | undefined {
  const found = routeOutput(ns, packet.to, packet.dev);
  if (!found.ok) return undefined;
  const skb = born(k, ns, packet, packet.from ?? found.src);
  skb.dst = found.route;
  tell(k, ns, skb, routeStep(packet.to, found.route, found.src));
  return skb;
}

/** A packet for a neighbour on a link, without asking any route (`icmp6_dst_alloc`). */
export function makeOnLink(k: Kernel, ns: Netns, dev: string, packet: LocalPacket & { readonly from: Ip }): Skb {
  const skb = born(k, ns, packet, packet.from);
  skb.dst = { type: 'unicast', route: null, dev, nextHop: packet.to, src: packet.from };
  return skb;
}

/** What a program wanted to send and its own kernel refused: told, although no packet ever existed. */
export function refuseLocal(
  k: Kernel,
  ns: Netns,
  packet: LocalPacket,
  reason: DropReason,
  detail: string,
  culprit: Culprit,
): void {
  const found = routeOutput(ns, packet.to);
  const skb = born(k, ns, packet, packet.from ?? (found.ok ? found.src : unspecified(packet.to)));
  tell(k, ns, skb, routeStep(packet.to, found.route, found.ok ? found.src : undefined));
  drop(k, ns, skb, reason, detail, culprit);
}

/** The socket call itself failed: there is nothing to route. */
export function neverSent(
  k: Kernel,
  ns: Netns,
  packet: LocalPacket,
  reason: DropReason,
  detail: string,
  culprit: Culprit,
): void {
  drop(k, ns, born(k, ns, packet, packet.from ?? unspecified(packet.to)), reason, detail, culprit);
}

function born(k: Kernel, ns: Netns, packet: LocalPacket, src: Ip): Skb {
  const { l4, len } = packet;
  const isV6 = familyOf(packet.to) === 6;
  const df = packet.df && !isV6;
  const ttl = packet.ttl ?? (isV6 ? HOP_LIMIT : ns.sysctl['ipv4.ip_default_ttl']);
  const id = newPacketId(k);
  const payload = {
    kind: 'ip',
    src,
    dst: packet.to,
    ttl,
    df,
    mf: false,
    fragOffset: 0,
    id: k.packets,
    len,
    l4,
  } as const;
  const skb = makeSkb({ id, payload, flowKey: packet.flowKey });
  for (const body of packet.prelude ?? []) tell(k, ns, skb, body);
  const answers = packet.answers === undefined ? {} : { answers: packet.answers };
  tell(k, ns, skb, { kind: 'send', by: packet.by, what: packet.what, ...answers });
  return skb;
}
