/**
 * Frames and packets as values. They are never changed in place: a rewrite makes a new one, so every step of a trace can
 * keep the packet as it was. Only what a person can see in `tcpdump` is modelled; TCP has flags, ports and MSS, no windows.
 */
import type { DnsMessage } from './dns.ts';
import { familyOf, type Ip } from './ip.ts';
import { IP6_HEADER_BYTES } from './ip6.ts';
import type { Mac } from './mac.ts';

/** What one link carries. */
export interface Frame {
  readonly smac: Mac;
  readonly dmac: Mac;
  readonly payload: Arp | IpPacket;
}

/** RFC 826, IPv4 over Ethernet. */
export interface Arp {
  readonly kind: 'arp';
  readonly op: 'who-has' | 'is-at';
  readonly sha: Mac;
  readonly spa: Ip;
  readonly tha: Mac;
  readonly tpa: Ip;
}

/**
 * An IPv4 or an IPv6 packet: its addresses say which. `len` is the total length in bytes with the IP header, `fragOffset` is in bytes. Of
 * IPv6 `ttl` is the hop limit, and `df` is never set: no router cuts such a packet, and its sender writes a header into the pieces.
 */
export interface IpPacket {
  readonly kind: 'ip';
  readonly src: Ip;
  readonly dst: Ip;
  readonly ttl: number;
  readonly df: boolean;
  readonly mf: boolean;
  readonly fragOffset: number;
  readonly id: number;
  readonly len: number;
  readonly l4: L4;
}

export type L4 = Tcp | Udp | Sctp | Icmp | IpInIp | LaterFragment;
/** Those that have ports. */
export type PortProtocol = 'tcp' | 'udp' | 'sctp';
/** Names of /etc/protocols. */
export type Protocol = PortProtocol | IcmpProtocol | 'ipencap';
/** `ipv6-icmp` is that of IPv6, which also does what ARP does for IPv4. */
export type IcmpProtocol = 'icmp' | 'ipv6-icmp';

/** `flags` in tcpdump's letters, in the order F S R P A U: `S`, `SA`, `A`, `PA`, `FA`, `R`, `RA`. */
export interface Tcp {
  readonly proto: 'tcp';
  readonly sport: number;
  readonly dport: number;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly mss?: number;
  readonly dataBytes: number;
  /** What the bytes say, for people: `GET / HTTP/1.1`. */
  readonly note?: string;
  /** What follows the first line of an HTTP answer: headers, an empty line, the body. */
  readonly rest?: string;
  /** After two bytes that say how long it is (RFC 1035 section 4.2.2). */
  readonly dns?: DnsMessage;
}

export interface Udp {
  readonly proto: 'udp';
  readonly sport: number;
  readonly dport: number;
  readonly dataBytes: number;
  readonly note?: string;
  readonly dns?: DnsMessage;
  readonly checksum?: 'none';
  readonly vxlan?: Vxlan;
}

/** RFC 9260. SIMPLIFIED: one chunk per packet, no verification tags. `chunk` as tcpdump prints it. */
export interface Sctp {
  readonly proto: 'sctp';
  readonly sport: number;
  readonly dport: number;
  readonly chunk: SctpChunk;
  readonly dataBytes: number;
  readonly note?: string;
}

export type SctpChunk = 'INIT' | 'INIT ACK' | 'COOKIE ECHO' | 'COOKIE ACK' | 'ABORT' | 'DATA' | 'SACK';

/** RFC 7348; with `geneve` RFC 8926, whose header without options is as long. */
export interface Vxlan {
  readonly vni: number;
  readonly geneve?: true;
  readonly inner: Frame;
}

/** RFC 2003, protocol number 4: a packet straight inside a packet, without Ethernet and without ports. */
export interface IpInIp {
  readonly proto: 'ipencap';
  readonly inner: IpPacket;
}

/** RFC 792, RFC 4443. An error quotes the packet that caused it. */
export interface Icmp {
  readonly proto: IcmpProtocol;
  readonly type: number;
  readonly code: number;
  readonly id: number;
  readonly seq: number;
  readonly dataBytes: number;
  readonly mtu?: number;
  readonly quoted?: IpPacket;
  readonly ndp?: NeighbourDiscovery;
}

/** RFC 4861 sections 4.3 and 4.4: who is asked for or answers, and the MAC of who sends this. */
export interface NeighbourDiscovery {
  readonly target: Ip;
  readonly lladdr?: Mac;
}

/** A fragment that is not the first: it has no transport header. */
export interface LaterFragment {
  readonly proto: Protocol;
  readonly fragment: true;
}

/** Of the IP header of a packet to `address`, without options. */
export const headerBytes = (address: Ip): number => (familyOf(address) === 6 ? IP6_HEADER_BYTES : IP_HEADER_BYTES);
const IP_HEADER_BYTES = 20;

/** IPv6 calls it the hop limit (RFC 8200). */
export const ttlName = ({ dst }: Pick<IpPacket, 'dst'>): string => (familyOf(dst) === 6 ? 'hop limit' : 'TTL');

export const isIp = (payload: Frame['payload']): payload is IpPacket => payload.kind === 'ip';
export const isIcmp = (l4: L4): l4 is Icmp => 'type' in l4;
export const isLaterFragment = (l4: L4): l4 is LaterFragment => 'fragment' in l4;

/** The UDP ports of a packet that is VXLAN-encapsulated, or undefined. */
export function vxlanOf(packet: IpPacket): Vxlan | undefined {
  return packet.l4.proto === 'udp' && 'vxlan' in packet.l4 ? packet.l4.vxlan : undefined;
}

/** What an envelope carries: the content of a whole frame (VXLAN), or a bare packet (IP-in-IP). Undefined: it is none. */
export function carriedBy(packet: IpPacket): Frame['payload'] | undefined {
  const { l4 } = packet;
  if (l4.proto === 'ipencap') return 'inner' in l4 ? l4.inner : undefined;
  return vxlanOf(packet)?.inner.payload;
}

/** The innermost IP packet: what the two programs talk about. */
export function innermost(frame: Frame): IpPacket | undefined {
  return frame.payload.kind === 'ip' ? innermostOf(frame.payload) : undefined;
}

export function innermostOf(packet: IpPacket): IpPacket | undefined {
  let payload: Frame['payload'] = packet;
  for (;;) {
    if (payload.kind !== 'ip') return undefined;
    const carried = carriedBy(payload);
    if (!carried) return payload;
    payload = carried;
  }
}

/** RFC 792 names as tcpdump prints them, keyed `type/code`. */
const ICMP_NAMES: Readonly<Record<string, string>> = {
  '0/0': 'echo-reply',
  '8/0': 'echo-request',
  '3/0': 'net-unreachable',
  '3/1': 'host-unreachable',
  '3/2': 'proto-unreachable',
  '3/3': 'port-unreachable',
  '3/4': 'frag-needed',
  '3/10': 'host-prohibited',
  '3/13': 'admin-prohibited',
  '11/0': 'ttl-exceeded',
  '11/1': 'frag-reassembly',
};

/** RFC 4443 and RFC 4861, in the words of ip6tables. */
const ICMP6_NAMES: Readonly<Record<string, string>> = {
  '1/0': 'no-route',
  '1/1': 'adm-prohibited',
  '1/2': 'beyond-scope',
  '1/3': 'addr-unreachable',
  '1/4': 'port-unreachable',
  '2/0': 'packet-too-big',
  '3/0': 'ttl-exceeded',
  '3/1': 'frag-reassembly',
  '128/0': 'echo-request',
  '129/0': 'echo-reply',
  '135/0': 'neighbor-solicitation',
  '136/0': 'neighbor-advertisement',
};

export function icmpName({ proto, type, code }: Icmp): string {
  return (proto === 'icmp' ? ICMP_NAMES : ICMP6_NAMES)[`${type}/${code}`] ?? `${type}/${code}`;
}

export const isEchoRequest = (l4: L4): l4 is Icmp =>
  isIcmp(l4) && l4.type === (l4.proto === 'icmp' ? ECHO_REQUEST : ECHO_REQUEST_6);
const ECHO_REQUEST = 8;
const ECHO_REQUEST_6 = 128;

/** A message of neighbour discovery: what ARP is to IPv4. */
export const isNdp = (l4: L4): l4 is Icmp & { readonly ndp: NeighbourDiscovery } => isIcmp(l4) && l4.ndp !== undefined;

/** The DNS message that a packet carries. */
export const dnsOf = (l4: L4): DnsMessage | undefined =>
  (l4.proto === 'udp' || l4.proto === 'tcp') && 'dns' in l4 ? l4.dns : undefined;

/** What ends a connection that nobody has: RST, or ABORT. */
export const isReset = (l4: L4): boolean =>
  (l4.proto === 'tcp' && 'flags' in l4 && l4.flags.includes('R')) ||
  (l4.proto === 'sctp' && 'chunk' in l4 && l4.chunk === 'ABORT');

/** ICMP messages that report about another packet (RFC 792): they never cause another error. */
export function isIcmpError(l4: L4): l4 is Icmp & { quoted: IpPacket } {
  return isIcmp(l4) && l4.quoted !== undefined;
}
