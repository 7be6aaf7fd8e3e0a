/** Frames and packets as one line, in the manner of `tcpdump -e -n -v`: what is inside a tunnel follows after `|`. */
import { never } from '../../base/assert.ts';
import {
  type Arp,
  type Frame,
  type Icmp,
  type IpPacket,
  icmpName,
  isLaterFragment,
  type L4,
  type Sctp,
  type Tcp,
  type Udp,
} from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { ZERO_MAC } from '../../wire/mac.ts';
import { printDns } from '../../wire/print-dns.ts';

const ICMP_HEADER_BYTES = 8;

/** `0a:58:0a:f4:01:02 > 0a:58:0a:f4:01:01, IP …`. */
export function printFrame({ smac, dmac, payload }: Frame): string {
  return `${smac} > ${dmac}, ${payload.kind === 'arp' ? printArp(payload) : printPacket(payload)}`;
}

/** `IP 10.244.0.2.40000 > 10.96.0.10.80: Flags [S], ttl 64, length 0`, `IP6 fd00::1.40000 > fd00::2.80: Flags [S], hlim 64, length 0`. */
export function printPacket(packet: IpPacket): string {
  const { src, dst, l4 } = packet;
  const [from, to] = 'sport' in l4 ? [`${src}.${l4.sport}`, `${dst}.${l4.dport}`] : [src, dst];
  const { what, length, inside } = describe(l4);
  const isV6 = familyOf(packet.dst) === 6;
  const header = [`${isV6 ? 'hlim' : 'ttl'} ${packet.ttl}`, ...(packet.df ? ['DF'] : []), ...printFragment(packet)];
  return `${isV6 ? 'IP6' : 'IP'} ${from} > ${to}: ${what}, ${header.join(', ')}${length === null ? '' : `, length ${length}`}${inside}`;
}

function printArp({ op, spa, sha, tpa, tha }: Arp): string {
  if (op === 'is-at') return `ARP, Reply ${spa} is-at ${sha}`;
  return `ARP, Request who-has ${tpa}${tha === ZERO_MAC ? '' : ` (${tha})`} tell ${spa}`;
}

/** Offsets in bytes. Only the first fragment shows ports, because only it has them. */
function printFragment({ mf, fragOffset, id }: IpPacket): string[] {
  return mf || fragOffset > 0 ? [`frag ${id}:${fragOffset}${mf ? '+' : ''}`] : [];
}

interface Described {
  readonly what: string;
  readonly length: number | null;
  readonly inside: string;
}

function describe(l4: L4): Described {
  if (isLaterFragment(l4)) return { what: l4.proto, length: null, inside: '' };
  switch (l4.proto) {
    case 'tcp':
      return { what: describeTcp(l4), length: l4.dataBytes, inside: '' };
    case 'udp':
      return describeUdp(l4);
    case 'sctp':
      return { what: describeSctp(l4), length: null, inside: '' };
    case 'ipencap':
      return { what: 'ipip-proto-4', length: null, inside: ` | ${printPacket(l4.inner)}` };
    case 'icmp':
    case 'ipv6-icmp':
      return { what: describeIcmp(l4), length: ICMP_HEADER_BYTES + l4.dataBytes, inside: '' };
    default:
      return never(l4, 'transport protocol');
  }
}

/** `print-sctp.c` of tcpdump 4.99. */
const describeSctp = ({ chunk, note }: Sctp): string => `sctp (1) [${chunk}]${note ? `, "${note}"` : ''}`;

/** tcpdump writes ACK as a dot, after the other letters. */
function describeTcp({ flags, mss, note, dns }: Tcp): string {
  const letters = flags.replace('A', '') + (flags.includes('A') ? '.' : '');
  return [
    `Flags [${letters}]`,
    ...(mss === undefined ? [] : [`mss ${mss}`]),
    ...(note ? [`"${note}"`] : []),
    ...(dns ? [printDns(dns)] : []),
  ].join(', ');
}

function describeUdp({ vxlan, note, dns, dataBytes }: Udp): Described {
  if (dns) return { what: printDns(dns), length: null, inside: '' };
  if (!vxlan) return { what: note ? `UDP, "${note}"` : 'UDP', length: dataBytes, inside: '' };
  return { what: `VXLAN, vni ${vxlan.vni}`, length: null, inside: ` | ${printFrame(vxlan.inner)}` };
}

/** tcpdump calls that of IPv6 `ICMP6`; of neighbours it says who is asked for or answers (print-icmp6.c). */
function describeIcmp(icmp: Icmp): string {
  const { mtu, quoted, id, seq, ndp } = icmp;
  const name = icmp.proto === 'icmp' ? 'ICMP' : 'ICMP6';
  if (ndp) return `${name} ${icmpName(icmp)}, ${icmp.type === 135 ? 'who has' : 'tgt is'} ${ndp.target}`;
  if (!quoted) return `${name} ${icmpName(icmp)}, id ${id}, seq ${seq}`;
  return `${name} ${icmpName(icmp)}${mtu === undefined ? '' : `, mtu ${mtu}`}, about (${printPacket(quoted)})`;
}
