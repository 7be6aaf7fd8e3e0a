/** Does a packet fit a part of a rule? One small function per expression of nft(8). */
import { never } from '../../../base/assert.ts';
import { type IpPacket, isLaterFragment, type Protocol } from '../../../wire/frame.ts';
import { cidrHas, familyOf } from '../../../wire/ip.ts';
import type { Kernel } from '../../kernel.ts';
import type { Netns } from '../../netns.ts';
import { isLocalAddress } from '../../routing/fib.ts';
import type { Skb } from '../../skb.ts';
import { countNow, type DynamicSets, remembers } from './dynamic-sets.ts';
import type { NftEvent } from './events.ts';
import type { NumgenChoice } from './numgen.ts';
import {
  keyOf,
  type NftAddressFamily,
  type NftElement,
  type NftField,
  type NftMatch,
  type NftProto,
  type NftSet,
  type NftTable,
} from './ruleset.ts';

/** nft names that of IPv6 otherwise than /etc/protocols. */
const PROTOCOLS: Readonly<Record<NftProto, Protocol>> = {
  tcp: 'tcp',
  udp: 'udp',
  sctp: 'sctp',
  icmp: 'icmp',
  icmpv6: 'ipv6-icmp',
};

/** What names a family reads no packet of the other one. */
export const isOf = ({ dst }: IpPacket, of: NftAddressFamily | undefined): boolean =>
  of === undefined || (of === 'ip') === (familyOf(dst) === 4);

/** Where a packet is when a base chain looks at it, and whom to tell. */
export interface NftContext {
  readonly k: Kernel;
  readonly ns: Netns;
  readonly skb: Skb;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly table: NftTable;
  /** What packets wrote into this namespace's sets. */
  readonly learned: DynamicSets;
  readonly numgen: NumgenChoice;
  readonly tell: (event: NftEvent) => void;
}

/** The rule that is being evaluated. */
export interface RulePlace {
  readonly chain: string;
  readonly index: number;
}

/** `packet` is the packet of `at`, taken out once per chain: no rule changes it before the walk ends. */
export function matchHolds(match: NftMatch, packet: IpPacket, at: NftContext, place: RulePlace): boolean {
  const invert = 'invert' in match && match.invert === true;
  switch (match.kind) {
    case 'address': {
      const address = match.side === 'saddr' ? packet.src : packet.dst;
      if (match.nets[0]?.family !== familyOf(address)) return false;
      return match.nets.some((net) => cidrHas(net, address)) !== invert;
    }
    case 'nfproto':
      return (familyOf(packet.dst) === match.family) !== invert;
    case 'l4proto':
      return match.protos.some((proto) => PROTOCOLS[proto] === packet.l4.proto) !== invert;
    case 'dport':
      return portMatches(match, packet);
    case 'iifname':
      return deviceMatches(match.name, at.iif) !== invert;
    case 'oifname':
      return deviceMatches(match.name, at.oif) !== invert;
    case 'in-set':
      return setMatches(match, packet, at, place);
    case 'ct-state':
      return match.states.some((state) => state === ctState(at.skb)) !== invert;
    case 'ct-status':
      return at.skb.ct?.entry?.[match.status] === true;
    case 'mark':
      return ((at.skb.mark & match.mask) >>> 0 === match.value >>> 0) !== invert;
    case 'fib':
      return isLocalAddress(at.ns, match.side === 'saddr' ? packet.src : packet.dst) !== invert;
    default:
      return never(match, 'match');
  }
}

/** A packet without an entry is invalid, unless a rule said to leave it alone. */
const ctState = (skb: Skb): string => (skb.ct?.state ?? 'INVALID').toLowerCase();

/** Without a device the name is empty, which is unequal to every name. */
function deviceMatches(wanted: string, actual = ''): boolean {
  return wanted.endsWith('*') ? actual.startsWith(wanted.slice(0, -1)) : actual === wanted;
}

/** The header that `th dport` reads is missing in later fragments: the rule ends, negated or not. */
function portMatches(match: Extract<NftMatch, { kind: 'dport' }>, packet: IpPacket): boolean {
  const { l4 } = packet;
  if (isLaterFragment(l4) || !('dport' in l4)) return false;
  if (match.of !== 'th' && match.of !== l4.proto) return false;
  return match.ports.includes(l4.dport) !== (match.invert === true);
}

function setMatches(
  match: Extract<NftMatch, { kind: 'in-set' }>,
  packet: IpPacket,
  at: NftContext,
  place: RulePlace,
): boolean {
  const key = packetKey(match, packet);
  if (key === undefined) return false;
  return (lookUp(match.set, key, at, place) !== null) !== (match.invert === true);
}

/**
 * The packet's fields as a key. Undefined where the header is not there: the rule ends. SIMPLIFIED: the bytes of ICMP at the place of a
 * port are a checksum, which the model does not carry; no element has protocol icmp, so they miss as in the kernel.
 */
export function packetKey(
  { key: fields, of }: { readonly key: readonly NftField[]; readonly of?: NftAddressFamily },
  packet: IpPacket,
): string | undefined {
  const { l4 } = packet;
  if (!isOf(packet, of)) return undefined;
  if (fields.includes('dport') && isLaterFragment(l4)) return undefined;
  const port = 'dport' in l4 ? String(l4.dport) : 'checksum';
  const l4proto = l4.proto === 'ipv6-icmp' ? 'icmpv6' : l4.proto;
  const values = { saddr: packet.src, daddr: packet.dst, l4proto, dport: port };
  return keyOf(...fields.map((field) => values[field]));
}

export function setOf(table: NftTable, name: string): NftSet {
  const set = table.sets.get(name);
  if (!set) throw new Error(`Broken invariant: a rule names the missing set ${name}`);
  return set;
}

/** Sets of several tables may share a name. */
export const learnedName = (table: NftTable, set: string): string => `${table.family} ${table.name} ${set}`;

/** One hash lookup, and it is told. */
export function lookUp(name: string, key: string, at: NftContext, { chain, index }: RulePlace): NftElement | null {
  const set = setOf(at.table, name);
  const own = learnedName(at.table, name);
  const isDynamic = set.timeoutSeconds !== undefined;
  const learned = isDynamic && remembers(at.learned, own, key, at.k.nowNs) ? { key } : null;
  const element = set.elements.get(key) ?? learned;
  const sizeNow = set.elements.size + (isDynamic ? countNow(at.learned, own, at.k.nowNs) : 0);
  const { family, name: table } = at.table;
  at.tell({ kind: 'nft-lookup', family, table, chain, index, set: name, key, element, sizeNow });
  return element;
}
