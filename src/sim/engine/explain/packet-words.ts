/** Short words for packets: what titles and sentences call them. */
import type { Step } from '../../linux/step.ts';
import {
  type Frame,
  type Icmp,
  type IpPacket,
  icmpName,
  innermost,
  innermostOf,
  isLaterFragment,
  type L4,
  type Protocol,
} from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';

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

export const isArp = (frame: Frame | IpPacket): boolean => isFrame(frame) && frame.payload.kind === 'arp';

export function portsOf(l4: L4): { readonly sport: number; readonly dport: number } | null {
  if (!('sport' in l4)) return null;
  return { sport: l4.sport, dport: l4.dport };
}

export const socketText = (ip: Ip, port: number | null | undefined): string =>
  port === null || port === undefined ? ip : `${ip}:${port}`;

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

/** `TCP SYN`, `UDP datagram`, `SCTP INIT`, `ICMP echo request`, `ARP question`, `fragment`. */
export function kindOfPacket(frame: Frame | IpPacket): string {
  if (isFrame(frame) && frame.payload.kind === 'arp')
    return frame.payload.op === 'who-has' ? 'ARP question' : 'ARP answer';
  const packet = innerPacket(frame);
  if (!packet) return 'frame';
  const { l4 } = packet;
  if (isLaterFragment(l4)) return 'IP fragment';
  if (l4.proto === 'tcp') return `TCP ${FLAG_NAMES[l4.flags] ?? l4.flags}`;
  if (l4.proto === 'sctp') return `SCTP ${l4.chunk}`;
  if (l4.proto === 'ipencap') return 'IP-in-IP packet';
  return l4.proto === 'udp' ? 'UDP datagram' : `ICMP ${icmpWords(l4)}`;
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
