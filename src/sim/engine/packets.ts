/** From the flat list of steps to packets and hops: the grammar of a trace. */
import type { NsId } from '../linux/config.ts';
import type { PacketId, Step } from '../linux/step.ts';
import { type DnsMessage, isAnswer } from '../wire/dns.ts';
import { dnsOf, type Frame, type IpPacket, icmpName, innermost, innermostOf, isIcmp, isNdp } from '../wire/frame.ts';
import { recordData } from '../wire/print-dns.ts';
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
    packets.push(packetOf(id, own, laneOf(own, from, packets), seen));
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
  const last = (own.findLast((step) => !isName(step)) ?? first) as Step;
  const fate = last.kind === 'drop' ? 'dropped' : last.kind === 'deliver' ? 'delivered' : 'consumed';
  const way = `${lane}|${fate}|${protocolOf(first.frame)}|${own.map(wayMark).join('')}`;
  const repeats = seen.get(way) ?? null;
  if (repeats === null) seen.set(way, id);
  return { id, title: titleOf(first.frame), lane, firstStep: first.i, lastStep: last.i, repeats, fate };
}

function protocolOf(frame: Frame | IpPacket): string {
  const packet = 'ttl' in frame ? innermostOf(frame) : innermost(frame);
  return packet?.l4.proto ?? '';
}

/** Where the packet was seen, and every decision that only a first packet meets. */
function wayMark(step: Step): string {
  return step.kind === 'dev' ? `${step.ns}/${step.dev}/${step.dir};` : step.kind === 'drop' ? `${step.reason};` : '';
}

/**
 * The program's own packets ask; an answer goes the other way than what it answers; ARP (and NDP) belongs to the packet that waits for it. Where
 * the packet is born does not decide: a pod that calls itself answers from the same place.
 */
function laneOf(own: readonly Step[], from: NsId, before: readonly TracePacket[]): TracePacket['lane'] {
  const first = own[0] as Step;
  const sent = own.find((step) => step.kind === 'send');
  const last = before.at(-1);
  if (last && asksForNeighbour(first.frame)) return last.lane;
  if (!sent) return first.ns === from ? 'request' : 'reply';
  const answered = before.find((p) => p.id === sent.answers);
  if (answered) return answered.lane === 'request' ? 'reply' : 'request';
  // A name server that asks another one goes on with the question.
  const dns = dnsIn(first.frame);
  if (dns && !isAnswer(dns)) return 'request';
  return first.ns === from && CLIENTS.has(sent.by) ? 'request' : 'reply';
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
  if (l4.proto === 'tcp' && l4.dns) return `TCP data: ${dnsTitle(l4.dns)}`;
  if (l4.proto === 'tcp')
    return `TCP ${FLAG_NAMES[l4.flags] ?? l4.flags}${l4.note === undefined ? '' : ` (${l4.note})`}`;
  if (isIcmp(l4)) return `${l4.proto === 'icmp' ? 'ICMP' : 'ICMPv6'} ${icmpName(l4)}`;
  if (l4.proto === 'sctp') return `SCTP ${l4.chunk}`;
  const dns = dnsOf(l4);
  return dns ? dnsTitle(dns) : 'UDP datagram';
}

/** `DNS A? web.default.svc.cluster.local.`, `DNS answer: A 10.96.13.7`, `DNS answer: NXDOMAIN`. */
export function dnsTitle(message: DnsMessage): string {
  const { question, answers } = message;
  if (!isAnswer(message)) return `DNS ${question.type}? ${question.name}`;
  if (message.rcode !== 'NOERROR') return `DNS answer: ${message.rcode}`;
  const [first] = answers;
  if (!first) return `DNS answer: no ${question.type} record`;
  const more = answers.length > 1 ? ` and ${answers.length - 1} more` : '';
  return `DNS answer: ${first.type} ${recordData(first)}${more}`;
}

const isName = ({ kind }: Step): boolean => kind.startsWith('name-');

/** The DNS message in a packet, whatever it is wrapped in. */
export function dnsIn(frame: Frame | IpPacket): DnsMessage | undefined {
  const packet = 'ttl' in frame ? innermostOf(frame) : innermost(frame);
  return packet && dnsOf(packet.l4);
}
