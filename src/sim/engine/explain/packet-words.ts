/** Short words for packets: what titles and sentences call them. */
import type { Step } from '../../linux/step.ts';
import { isAnswer } from '../../wire/dns.ts';
import {
  dnsOf,
  type Frame,
  type Icmp,
  type IpPacket,
  icmpName,
  innermost,
  innermostOf,
  isLaterFragment,
  isNdp,
  type L4,
  type Protocol,
} from '../../wire/frame.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import type { Mac } from '../../wire/mac.ts';

export const isFrame = (frame: Frame | IpPacket): frame is Frame => 'dmac' in frame;

/** The outermost IP packet; undefined for ARP. */
export function packetOf(frame: Frame | IpPacket): IpPacket | undefined {
  if (!isFrame(frame)) return frame;
  return frame.payload.kind === 'ip' ? frame.payload : undefined;
}

/** The IP packet of the two programs, inside any tunnel; undefined for ARP. */
export function innerPacket(frame: Frame | IpPacket): IpPacket | undefined {
  if (isFrame(frame)) return innermost(frame);
  return innermostOf(frame);
}

/** A question for a neighbour, or its answer: ARP, or what does its work for IPv6. */
export const isArp = (frame: Frame | IpPacket): boolean => neighbourWords(frame) !== null;

export interface NeighbourWords {
  readonly protocol: 'ARP' | 'NDP';
  readonly asks: boolean;
  /** Whose MAC is asked for or told. */
  readonly target: Ip;
  readonly from: Ip;
  /** Of an answer: who asked. */
  readonly to: Ip;
  /** Of who sends it. */
  readonly mac: Mac | undefined;
}

/** What ARP and neighbour discovery say, in one shape. Null: another packet. */
export function neighbourWords(frame: Frame | IpPacket): NeighbourWords | null {
  if (isFrame(frame) && frame.payload.kind === 'arp') {
    const { op, spa, tpa, sha } = frame.payload;
    const asks = op === 'who-has';
    return { protocol: 'ARP', asks, target: asks ? tpa : spa, from: spa, to: tpa, mac: sha };
  }
  const packet = packetOf(frame);
  if (!packet || !isNdp(packet.l4)) return null;
  const { type, ndp } = packet.l4;
  return { protocol: 'NDP', asks: type === 135, target: ndp.target, from: packet.src, to: packet.dst, mac: ndp.lladdr };
}

export function portsOf(l4: L4): { readonly sport: number; readonly dport: number } | null {
  if (!('sport' in l4)) return null;
  return { sport: l4.sport, dport: l4.dport };
}

export const socketText = (ip: Ip, port: string | number | null | undefined): string =>
  port === null || port === undefined ? ip : familyOf(ip) === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;

export function endsOf(packet: IpPacket): { readonly src: string; readonly dst: string } {
  const ports = portsOf(packet.l4);
  return { src: socketText(packet.src, ports?.sport), dst: socketText(packet.dst, ports?.dport) };
}

const FLAG_NAMES: Readonly<Record<string, string>> = {
  S: 'SYN',
  SA: 'SYN-ACK',
  A: 'ACK',
  PA: 'data',
  FA: 'FIN',
  F: 'FIN',
  R: 'RST',
  RA: 'RST',
};

/** How a kernel answers what no program listens for. */
export function refusalOf(proto: Protocol): string {
  if (proto === 'tcp') return 'a RST';
  return proto === 'sctp' ? 'an ABORT' : 'an ICMP port unreachable';
}

const icmpWords = (icmp: Icmp): string => icmpName(icmp).replaceAll('-', ' ');

/** `TCP SYN`, `UDP datagram`, `SCTP INIT`, `ICMP echo request`, `ARP question`, `NDP answer`, `fragment`. */
export function kindOfPacket(frame: Frame | IpPacket): string {
  const neighbour = neighbourWords(frame);
  if (neighbour) return `${neighbour.protocol} ${neighbour.asks ? 'question' : 'answer'}`;
  const packet = innerPacket(frame);
  if (!packet) return 'frame';
  const { l4 } = packet;
  if (isLaterFragment(l4)) return 'IP fragment';
  const dns = dnsOf(l4);
  if (dns && l4.proto === 'udp') return isAnswer(dns) ? 'DNS answer' : 'DNS query';
  if (l4.proto === 'tcp') return `TCP ${FLAG_NAMES[l4.flags] ?? l4.flags}`;
  if (l4.proto === 'sctp') return `SCTP ${l4.chunk}`;
  if (l4.proto === 'ipencap') return 'IP-in-IP packet';
  return l4.proto === 'udp' ? 'UDP datagram' : `${l4.proto === 'icmp' ? 'ICMP' : 'ICMPv6'} ${icmpWords(l4)}`;
}

/** What an envelope looks like to those who do not open it. */
export function envelopeWords(frame: Frame | IpPacket): string {
  return packetOf(frame)?.l4.proto === 'ipencap' ? 'an IP-in-IP packet' : 'a UDP packet';
}

/** The step of the same packet just before `index`, at the same depth of encapsulation when there is one. */
export function previousOf(steps: readonly Step[], index: number): Step | undefined {
  const step = steps[index];
  for (let i = index - 1; i >= 0 && step; i--) if (steps[i]?.packet === step.packet) return steps[i];
  return undefined;
}
