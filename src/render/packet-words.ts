/** What is written on an envelope, and what the last step changed of it. */
import { socketText } from '../sim/engine/explain/packet-words.ts';
import type { Step } from '../sim/linux/step.ts';
import { isAnswer } from '../sim/wire/dns.ts';
import {
  type Arp,
  carriedBy,
  dnsOf,
  type Frame,
  type IpPacket,
  icmpName,
  isIcmp,
  isLaterFragment,
  vxlanOf,
} from '../sim/wire/frame.ts';
import { familyOf } from '../sim/wire/ip.ts';

/** One envelope, outermost first. */
export interface Envelope {
  /** What it is: `TCP SYN`, `VXLAN 1`, `ICMP echo-request`, `ARP who-has`. */
  readonly title: string;
  readonly src: string;
  readonly dst: string;
  readonly ttl: number | null;
  /** What IPv6 calls it. */
  readonly ttlName?: 'hop limit';
}

export interface EnvelopeChange {
  /** Which line of the innermost envelope changed, and what stood there. */
  readonly src?: string;
  readonly dst?: string;
  readonly ttl?: number;
  /** An envelope was put around it, or taken off. */
  readonly wrapped?: 'on' | 'off';
}

const TCP_FLAGS: Readonly<Record<string, string>> = {
  S: 'SYN',
  SA: 'SYN-ACK',
  A: 'ACK',
  PA: 'PSH-ACK',
  FA: 'FIN-ACK',
  F: 'FIN',
  R: 'RST',
  RA: 'RST-ACK',
};

function titleOf(packet: IpPacket): string {
  const { l4 } = packet;
  if (isLaterFragment(l4)) return `${l4.proto.toUpperCase()} fragment`;
  if (l4.proto === 'tcp' && !l4.dns) return l4.note ?? `TCP ${TCP_FLAGS[l4.flags] ?? l4.flags}`;
  if (isIcmp(l4)) return `${l4.proto === 'icmp' ? 'ICMP' : 'ICMPv6'} ${icmpName(l4)}`;
  if (l4.proto === 'sctp') return `SCTP ${l4.chunk}`;
  if (l4.proto === 'ipencap') return 'IP-in-IP';
  const dns = dnsOf(l4);
  if (dns) return isAnswer(dns) ? `DNS ${dns.rcode === 'NOERROR' ? 'answer' : dns.rcode}` : `DNS ${dns.question.type}?`;
  const vxlan = vxlanOf(packet);
  // What is in a datagram is no name for it: a probe's "ping" is not a ping.
  return vxlan ? `VXLAN ${vxlan.vni}` : 'UDP';
}

function endsOf(packet: IpPacket): { src: string; dst: string } {
  const { l4, src, dst } = packet;
  // Outer ports say nothing to a person: the source port is a hash, the other one is always the same.
  if (!('sport' in l4) || vxlanOf(packet)) return { src, dst };
  return { src: socketText(src, l4.sport), dst: socketText(dst, l4.dport) };
}

const arpEnvelope = (arp: Arp): Envelope => ({ title: `ARP ${arp.op}`, src: arp.spa, dst: arp.tpa, ttl: null });

export function envelopesOf(frame: Frame | IpPacket): Envelope[] {
  const envelopes: Envelope[] = [];
  let payload = 'payload' in frame ? frame.payload : frame;
  for (;;) {
    if (payload.kind === 'arp') return [...envelopes, arpEnvelope(payload)];
    const name = familyOf(payload.dst) === 6 ? ({ ttlName: 'hop limit' } as const) : {};
    envelopes.push({ title: titleOf(payload), ...endsOf(payload), ttl: payload.ttl, ...name });
    const carried = carriedBy(payload);
    if (!carried) return envelopes;
    payload = carried;
  }
}

/** What a step did to the envelopes, compared with how the same packet looked before it. */
export function changeOf(step: Step, before: Step | null): EnvelopeChange {
  if (!before) return {};
  const [was, is] = [envelopesOf(before.frame), envelopesOf(step.frame)];
  if (was.length !== is.length) return { wrapped: is.length > was.length ? 'on' : 'off' };
  const [a, b] = [was.at(-1), is.at(-1)];
  if (!a || !b) return {};
  return {
    ...(a.src === b.src ? {} : { src: a.src }),
    ...(a.dst === b.dst ? {} : { dst: a.dst }),
    ...(a.ttl === b.ttl || a.ttl === null ? {} : { ttl: a.ttl }),
  };
}
