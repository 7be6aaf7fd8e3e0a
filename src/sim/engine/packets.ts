/** From the flat list of steps to packets and hops: the grammar of a trace. */
import type { NsId } from '../linux/config.ts';
import type { PacketId, Step } from '../linux/step.ts';
import { type Frame, type IpPacket, icmpName, innermost } from '../wire/frame.ts';
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
    const before = packets[packets.length - 1];
    packets.push(packetOf(id, own, laneOf(own, from, before), seen));
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

/** ARP belongs to the packet that waits for it. */
function laneOf(own: readonly Step[], from: NsId, before: TracePacket | undefined): TracePacket['lane'] {
  const first = own[0] as Step;
  if (before && !isIpFrame(first.frame)) return before.lane;
  return first.ns === from && !(first.kind === 'send' && first.answers !== undefined && first.by !== 'kernel')
    ? 'request'
    : 'reply';
}

const isIpFrame = (frame: Frame | IpPacket): boolean => 'ttl' in frame || frame.payload.kind === 'ip';

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
  if (l4.proto === 'icmp') return `ICMP ${icmpName(l4)}`;
  return 'UDP datagram';
}
