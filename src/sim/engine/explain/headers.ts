/** The header stack of a packet, outermost first, with the fields that changed since the packet's previous step. */
import { never } from '../../base/assert.ts';
import type { Step } from '../../linux/step.ts';
import type { DnsMessage, DnsRecord } from '../../wire/dns.ts';
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
import type { Mac } from '../../wire/mac.ts';
import { recordData } from '../../wire/print-dns.ts';
import type { HeaderField, HeaderLayer } from './explanation.ts';
import type { Names } from './names.ts';
import { isFrame } from './packet-words.ts';

/** Who owns an address, for people. */
export interface Owners {
  readonly names: Pick<Names, 'ipLong'>;
  readonly macs: ReadonlyMap<Mac, string>;
}

type Field = readonly [name: string, value: string | number];

/** With it an envelope ends. */
const wrapping = (of: HeaderLayer): HeaderLayer => ({ ...of, wraps: true });

const layer = (title: string, fields: readonly Field[]): HeaderLayer => ({
  title,
  fields: fields.map(([name, value]) => ({ name, value: String(value) })),
});

export function headersOf(frame: Frame | IpPacket, owners: Owners): HeaderLayer[] {
  return isFrame(frame) ? frameLayers(frame, owners) : ipLayers(frame, owners);
}

function frameLayers(frame: Frame, owners: Owners): HeaderLayer[] {
  const owner = (mac: Frame['smac']): string => {
    const who = owners.macs.get(mac);
    return who === undefined ? mac : `${mac} (${who})`;
  };
  const ethernet = layer('Ethernet', [
    ['from', owner(frame.smac)],
    ['to', frame.dmac === 'ff:ff:ff:ff:ff:ff' ? `${frame.dmac} (everybody)` : owner(frame.dmac)],
  ]);
  return [ethernet, ...(frame.payload.kind === 'arp' ? [arpLayer(frame.payload)] : ipLayers(frame.payload, owners))];
}

function arpLayer(arp: Arp): HeaderLayer {
  const isQuestion = arp.op === 'who-has';
  return layer('ARP', [
    ['says', isQuestion ? `who has ${arp.tpa}? tell ${arp.spa}` : `${arp.spa} is at ${arp.sha}`],
    ['sender', `${arp.spa} ${arp.sha}`],
    ['target', isQuestion ? arp.tpa : `${arp.tpa} ${arp.tha}`],
  ]);
}

function ipLayers(packet: IpPacket, owners: Owners): HeaderLayer[] {
  const isV6 = familyOf(packet.dst) === 6;
  const isPiece = packet.mf || packet.fragOffset > 0;
  const fields: Field[] = [
    ['source', owners.names.ipLong(packet.src)],
    ['destination', owners.names.ipLong(packet.dst)],
    [isV6 ? 'hop limit' : 'TTL', packet.ttl],
    ['length', `${packet.len} bytes`],
    ['fragments', isV6 ? 'by the sender only' : packet.df ? 'not allowed (DF)' : 'allowed'],
  ];
  if (isPiece) fields.push(['piece', `from byte ${packet.fragOffset}${packet.mf ? ', more follow' : ', the last'}`]);
  const own =
    packet.l4.proto === 'ipencap'
      ? wrapping(layer('IPv4 (protocol 4)', fields))
      : layer(isV6 ? 'IPv6' : 'IPv4', fields);
  return [own, ...transportLayers(packet.l4, owners)];
}

function transportLayers(l4: L4, owners: Owners): HeaderLayer[] {
  if (isLaterFragment(l4))
    return [layer(`${l4.proto.toUpperCase()} (continued)`, [['header', 'in the first fragment']])];
  switch (l4.proto) {
    case 'tcp':
      return [layer('TCP', tcpFields(l4)), ...dnsLayers(l4.dns)];
    case 'udp':
      return udpLayers(l4, owners);
    case 'sctp':
      return [layer('SCTP', sctpFields(l4))];
    case 'ipencap':
      // The next header is the next layer: what is inside starts at once.
      return ipLayers(l4.inner, owners);
    case 'icmp':
    case 'ipv6-icmp':
      return icmpLayers(l4, owners);
    default:
      return never(l4, 'transport');
  }
}

const FLAG_WORDS: Readonly<Record<string, string>> = { F: 'FIN', S: 'SYN', R: 'RST', P: 'PSH', A: 'ACK', U: 'URG' };

function tcpFields(tcp: Tcp): Field[] {
  const fields: Field[] = [
    ['source port', tcp.sport],
    ['destination port', tcp.dport],
    ['flags', [...tcp.flags].map((flag) => FLAG_WORDS[flag] ?? flag).join(' ')],
  ];
  if (tcp.mss !== undefined) fields.push(['MSS', tcp.mss]);
  if (tcp.dataBytes > 0 && !tcp.dns) fields.push(['data', tcp.note ?? `${tcp.dataBytes} bytes`]);
  return fields;
}

function udpLayers(udp: Udp, owners: Owners): HeaderLayer[] {
  const fields: Field[] = [
    ['source port', udp.sport],
    ['destination port', udp.dport],
  ];
  if (udp.checksum === 'none') fields.push(['checksum', '0 (none)']);
  if (!udp.vxlan && !udp.dns && udp.dataBytes > 0) fields.push(['data', udp.note ?? `${udp.dataBytes} bytes`]);
  if (!udp.vxlan) return [layer('UDP', fields), ...dnsLayers(udp.dns)];
  return [
    layer('UDP', fields),
    wrapping(layer(udp.vxlan.geneve ? 'Geneve' : 'VXLAN', [['VNI', udp.vxlan.vni]])),
    ...frameLayers(udp.vxlan.inner, owners),
  ];
}

function dnsLayers(dns: DnsMessage | undefined): HeaderLayer[] {
  if (!dns) return [];
  const { id, question, rcode, answers, authority, additional, edns } = dns;
  const records = (name: string, of: readonly DnsRecord[]): Field[] =>
    of.map((record) => [name, `${record.name} ${record.ttlSeconds} ${record.type} ${recordData(record)}`]);
  const flags = [
    ...(dns.authoritative ? ['AA'] : []),
    ...(dns.truncated ? ['TC'] : []),
    ...(dns.recursionDesired ? ['RD'] : []),
    ...(dns.recursionAvailable ? ['RA'] : []),
  ];
  return [
    layer(rcode === undefined ? 'DNS query' : 'DNS answer', [
      ['id', id],
      ...(rcode === undefined ? [] : [['status', rcode] as const]),
      ['flags', flags.join(' ') || 'none'],
      ['question', `${question.type} ${question.name}`],
      ...records('answer', answers),
      ...records('authority', authority),
      ...records('additional', additional),
      ...(edns ? [['EDNS', `takes ${edns.udpBytes} bytes over UDP`] as const] : []),
    ]),
  ];
}

function sctpFields({ sport, dport, chunk, dataBytes, note }: Sctp): Field[] {
  return [
    ['source port', sport],
    ['destination port', dport],
    ['chunk', chunk],
    ...(dataBytes > 0 ? [['data', note ?? `${dataBytes} bytes`] as const] : []),
  ];
}

function icmpLayers(icmp: Icmp, owners: Owners): HeaderLayer[] {
  const fields: Field[] = [['type', `${icmpName(icmp).replaceAll('-', ' ')} (${icmp.type}/${icmp.code})`]];
  const { ndp } = icmp;
  if (ndp) fields.push(['target', ndp.target], ['sender', ndp.lladdr ?? 'not said']);
  else if (!icmp.quoted) fields.push(['id', icmp.id], ['sequence', icmp.seq]);
  if (icmp.mtu !== undefined) fields.push(['next-hop MTU', `${icmp.mtu} bytes`]);
  const quoted = icmp.quoted
    ? ipLayers(icmp.quoted, owners).map(({ title, fields }) => ({ title: `quoted ${title}`, fields }))
    : [];
  return [layer(icmp.proto === 'icmp' ? 'ICMP' : 'ICMPv6', fields), ...quoted];
}

/**
 * Marks what changed. Stacks are aligned from the innermost layer, so a new envelope around the packet does not make
 * every field below it look changed.
 */
export function changedHeaders(now: readonly HeaderLayer[], before: readonly HeaderLayer[] | null): HeaderLayer[] {
  if (!before) return [...now];
  return now.map((current, i) => {
    const old = before[before.length - (now.length - i)];
    if (old?.title !== current.title) return current;
    return { ...current, fields: current.fields.map((field) => changedField(field, old.fields)) };
  });
}

function changedField(field: HeaderField, old: readonly HeaderField[]): HeaderField {
  const was = old.find(({ name }) => name === field.name);
  return was && was.value !== field.value ? { ...field, before: was.value } : field;
}

/** The frame before a step: the one that the packet's previous step left; steps that rewrite carry their own. */
export function frameBefore(step: Step, previous: Step | undefined): Frame | IpPacket | null {
  if (step.kind === 'nat' || step.kind === 'ipvs' || step.kind === 'bpf-nat') return step.before;
  if (step.kind === 'bridged-dnat' && isFrame(step.frame)) return { ...step.frame, dmac: step.before };
  return previous?.frame ?? null;
}
