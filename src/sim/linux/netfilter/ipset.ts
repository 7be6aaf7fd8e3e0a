/**
 * ipset: named sets that a rule asks in one step, however many members they have (net/netfilter/ipset/ip_set_*.c). A set is asked
 * with one direction for each dimension: `dst,dst,src` takes the destination's address, the destination's port, the source's address.
 */
import { type IpPacket, isIcmp, isLaterFragment } from '../../wire/frame.ts';
import { cidr, familyOf, type Ip } from '../../wire/ip.ts';
import type { IpSet, IpSetType } from '../config.ts';

export type SetDirection = 'src' | 'dst';
type Dimension = 'ip' | 'port' | 'net';

const DIMENSIONS: Readonly<Record<IpSetType, readonly Dimension[]>> = {
  'hash:ip': ['ip'],
  'hash:net': ['net'],
  'hash:ip,port': ['ip', 'port'],
  'hash:ip,port,ip': ['ip', 'port', 'ip'],
  'hash:ip,port,net': ['ip', 'port', 'net'],
  'bitmap:port': ['port'],
  // What its sets ask: here they are all of addresses.
  'list:set': ['ip'],
};

/** Revisions that ipset 7.17 on Linux 6.18 creates. */
const REVISIONS: Readonly<Record<IpSetType, number>> = {
  'hash:ip': 6,
  'hash:net': 7,
  'hash:ip,port': 7,
  'hash:ip,port,ip': 6,
  'hash:ip,port,net': 8,
  'bitmap:port': 3,
  'list:set': 3,
};

interface SetIndex {
  /** Member, then whether it counts (`nomatch` members are exceptions). */
  readonly members: ReadonlyMap<string, boolean>;
  /** Prefix lengths in use, the longest first. */
  readonly prefixes: readonly number[];
}

const NOMATCH = ' nomatch';
const indexes = new WeakMap<IpSet, SetIndex>();
const namesOf = new WeakMap<readonly IpSet[], ReadonlyMap<string, IpSet>>();

export function setNamed(sets: readonly IpSet[], name: string): IpSet | undefined {
  let names = namesOf.get(sets);
  if (!names) {
    names = new Map(sets.map((set) => [set.name, set]));
    namesOf.set(sets, names);
  }
  return names.get(name);
}

/** One hash lookup; for sets of networks one for each prefix length in use (`mtype_test_cidrs`). `sets`: those that a list may name. */
export function isInSet(set: IpSet, dirs: readonly SetDirection[], packet: IpPacket, sets: readonly IpSet[]): boolean {
  // Lists hold no lists (ip_set_list_set.c).
  if (set.type === 'list:set')
    return set.members.some((name) => {
      const member = setNamed(sets, name);
      return member !== undefined && isInSet(member, dirs, packet, []);
    });
  const words = askedWords(set, dirs, packet);
  if (words === null) return false;
  const index = indexOf(set);
  if (DIMENSIONS[set.type].at(-1) !== 'net') return index.members.get(words.join(',')) === true;
  return isInNet(index, words.slice(0, -1), words.at(-1) as Ip);
}

/** What a set is asked for, written as its members are: `10.96.0.1,tcp:443`. Null: the packet has no such thing. */
export function askedMember(set: IpSet, dirs: readonly SetDirection[], packet: IpPacket): string | null {
  return askedWords(set, dirs, packet)?.join(',') ?? null;
}

function askedWords(set: IpSet, dirs: readonly SetDirection[], packet: IpPacket): readonly string[] | null {
  const dimensions = DIMENSIONS[set.type];
  const hasAddresses = set.type !== 'bitmap:port';
  if (dirs.length < dimensions.length || (hasAddresses && familyOf(packet.dst) !== set.family)) return null;
  const words: string[] = [];
  for (const [i, dimension] of dimensions.entries()) {
    const dir = dirs[i] ?? 'dst';
    const word = dimension === 'port' ? portWord(packet, dir, hasAddresses) : packet[dir];
    if (word === null) return null;
    words.push(word);
  }
  return words;
}

function isInNet({ members, prefixes }: SetIndex, head: readonly string[], address: Ip): boolean {
  for (const prefix of prefixes) {
    const counts = members.get([...head, netText(address, prefix)].join(','));
    if (counts !== undefined) return counts;
  }
  return false;
}

/** A single address is written bare, as ipset prints it. */
function netText(address: Ip, prefix: number): string {
  return prefix === WIDTHS[familyOf(address)] ? address : cidr(`${address}/${prefix}`).text;
}

const WIDTHS = { 4: 32, 6: 128 } as const;

/**
 * `tcp:443`; for ICMP type and code stand for the port (`ip_set_get_ip4_port`). A bitmap knows no protocol and asks TCP and UDP
 * only (`ip_set_get_ip_port`). Later fragments have no ports and are in no such set.
 */
function portWord({ l4 }: IpPacket, dir: SetDirection, withProtocol: boolean): string | null {
  if (isLaterFragment(l4)) return null;
  // ip_set_get_ip4_port: other protocols count as port 0, where the protocol counts at all.
  if (l4.proto === 'ipencap') return withProtocol ? `${l4.proto}:0` : null;
  if (isIcmp(l4)) return withProtocol ? `${l4.proto === 'icmp' ? 'icmp' : 'icmpv6'}:${l4.type}/${l4.code}` : null;
  const port = dir === 'src' ? l4.sport : l4.dport;
  return withProtocol ? `${l4.proto}:${port}` : String(port);
}

function indexOf(set: IpSet): SetIndex {
  let index = indexes.get(set);
  if (!index) {
    index = makeIndex(set);
    indexes.set(set, index);
  }
  return index;
}

function makeIndex({ type, family, members }: IpSet): SetIndex {
  const hasNets = DIMENSIONS[type].at(-1) === 'net';
  const found = new Map<string, boolean>();
  const prefixes = new Set<number>();
  for (const text of members) {
    const member = text.endsWith(NOMATCH) ? text.slice(0, -NOMATCH.length) : text;
    if (hasNets) prefixes.add(prefixOf(member, family));
    found.set(member, member === text);
  }
  return { members: found, prefixes: [...prefixes].sort((a, b) => b - a) };
}

function prefixOf(member: string, family: IpSet['family']): number {
  const slash = member.lastIndexOf('/');
  return slash < 0 ? WIDTHS[family] : Number(member.slice(slash + 1));
}

/**
 * `ipset save`. SIMPLIFIED: members come in the order in which they were added (the real order is that of a hash with a random seed),
 * the hash size is the one asked for (the kernel doubles it as the set grows), and `bucketsize` and `initval` are left out.
 */
export function printSetsSave(sets: readonly IpSet[]): string {
  return sets
    .flatMap((set) => [
      `create ${set.name} ${set.type} ${printHeader(set)}`,
      ...set.members.map((member) => `add ${set.name} ${member}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

/** `ipset list`. SIMPLIFIED: as above, and without the size in memory and the number of rules that ask the set. */
export function printSetsList(sets: readonly IpSet[]): string {
  return sets
    .map((set) =>
      [
        `Name: ${set.name}`,
        `Type: ${set.type}`,
        `Revision: ${REVISIONS[set.type]}`,
        `Header: ${printHeader(set)}`,
        `Number of entries: ${set.members.length}`,
        'Members:',
        ...set.members,
      ]
        .map((line) => `${line}\n`)
        .join(''),
    )
    .join('\n');
}

const printHeader = ({ type, family }: IpSet): string =>
  type === 'bitmap:port'
    ? 'range 0-65535'
    : type === 'list:set'
      ? 'size 8'
      : `family ${family === 4 ? 'inet' : 'inet6'} hashsize 1024 maxelem 65536`;
