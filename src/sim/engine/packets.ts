/** From the flat list of steps to packets and hops: the grammar of a trace. */
import type { NsId } from '../linux/config.ts';
import type { PacketId, Step } from '../linux/step.ts';
import { type Frame, type IpPacket, icmpName, innermost, isIcmp, isNdp } from '../wire/frame.ts';
import { PROGRAM_NAMES } from './program-names.ts';
import type { Hop, TracePacket } from './trace.ts';

/** Consecutive steps of one packet in one namespace are one hop. */
export function hopsOf(steps: readonly Step[]): readonly Hop[] {
  const hops: { packet: PacketId; ns: NsId; from: number; to: number }[] = [];
  for (const step of steps) {
    const last = hops[hops.length - 1];
    if (last && last.packet === step.packet && last.ns === step.ns) last.to = step.i;
    else hops.push({ packet: step.packet, ns: step.ns, from: step.i, to: step.i });
  }
  return hops;
}

/** `from` is where the probing program runs: what is born there asks, everything else answers. */
export function packetsOf(steps: readonly Step[], from: NsId): readonly TracePacket[] {
  const byId = new Map<PacketId, Step[]>();
  for (const step of steps) {
    const list = byId.get(step.packet);
    if (list) list.push(step);
    else byId.set(step.packet, [step]);
  }
  const seen = new Map<string, PacketId>();
  const packets: TracePacket[] = [];
  for (const [id, own] of byId) {
    packets.push(packetOf(id, own, laneOf(own[0] as Step, from, packets), seen));
  }
  return packets;
}

function packetOf(
  id: PacketId,
  own: readonly Step[],
  lane: TracePacket['lane'],
  seen: Map<string, PacketId>,
): TracePacket {
  const first = own[0] as Step;
  const last = own[own.length - 1] as Step;
  const fate = last.kind === 'drop' ? 'dropped' : last.kind === 'deliver' ? 'delivered' : 'consumed';
  const way = `${lane}|${fate}|${own.map(wayMark).join('')}`;
  const repeats = seen.get(way) ?? null;
  if (repeats === null) seen.set(way, id);
  return { id, title: titleOf(first.frame), lane, firstStep: first.i, lastStep: last.i, repeats, fate };
}

/** Where the packet was seen, and every decision that only a first packet meets. */
function wayMark(step: Step): string {
  return step.kind === 'dev' ? `${step.ns}/${step.dev}/${step.dir};` : step.kind === 'drop' ? `${step.reason};` : '';
}

/**
 * The program's own packets ask; an answer goes the other way than what it answers; ARP (and NDP) belongs to the packet that waits for it. Where
 * the packet is born does not decide: a pod that calls itself answers from the same place.
 */
function laneOf(first: Step, from: NsId, before: readonly TracePacket[]): TracePacket['lane'] {
  const last = before.at(-1);
  if (last && asksForNeighbour(first.frame)) return last.lane;
  if (first.kind !== 'send') return first.ns === from ? 'request' : 'reply';
  const answered = before.find((p) => p.id === first.answers);
  if (answered) return answered.lane === 'request' ? 'reply' : 'request';
  return first.ns === from && CLIENTS.has(first.by) ? 'request' : 'reply';
}

const CLIENTS: ReadonlySet<string> = new Set(Object.values(PROGRAM_NAMES));

/** ARP, and what does its work for IPv6. */
function asksForNeighbour(frame: Frame | IpPacket): boolean {
  const packet = 'ttl' in frame ? frame : innermost(frame);
  return !packet || isNdp(packet.l4);
}

const FLAG_NAMES: Readonly<Record<string, string>> = {
  S: 'SYN',
  SA: 'SYN-ACK',
  A: 'ACK',
  PA: 'data',
  FA: 'FIN',
  R: 'RST',
  RA: 'RST',
};

/** `TCP SYN`, `ICMP echo-request`, `UDP`, `ARP who-has`. */
export function titleOf(frame: Frame | IpPacket): string {
  const packet = 'ttl' in frame ? frame : innermost(frame);
  if (!packet) return 'payload' in frame && frame.payload.kind === 'arp' ? `ARP ${frame.payload.op}` : 'frame';
  const { l4 } = packet;
  if ('fragment' in l4) return `${l4.proto.toUpperCase()} fragment`;
  if (l4.proto === 'tcp')
    return `TCP ${FLAG_NAMES[l4.flags] ?? l4.flags}${l4.note === undefined ? '' : ` (${l4.note})`}`;
  if (isIcmp(l4)) return `${l4.proto === 'icmp' ? 'ICMP' : 'ICMPv6'} ${icmpName(l4)}`;
  if (l4.proto === 'sctp') return `SCTP ${l4.chunk}`;
  return 'UDP datagram';
}
