/** Anonymous sets of networks as nft keeps them: sorted, and with neighbours joined (src/intervals.c, auto-merge). */
import { type Cidr, cidr, familyOf, type Ip, intToIp, ip, ipToInt } from '../../../wire/ip.ts';

interface Interval {
  readonly from: bigint;
  to: bigint;
}

const GROUP_BITS = 16n;
const GROUPS = 8;

const widthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

function numberOf(address: Ip): bigint {
  if (familyOf(address) === 4) return BigInt(ipToInt(address));
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0');
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  return all.reduce((sum, group) => (sum << GROUP_BITS) | BigInt(`0x${group}`), 0n);
}

function addressOf(value: bigint, family: 4 | 6): Ip {
  if (family === 4) return intToIp(Number(value));
  const groups = Array.from({ length: GROUPS }, (_, i) => (value >> (GROUP_BITS * BigInt(GROUPS - 1 - i))) & 0xffffn);
  return ip(groups.map((group) => group.toString(16)).join(':'));
}

function intervalOf(net: Cidr): Interval {
  const from = numberOf(net.base);
  return { from, to: from + (1n << BigInt(widthOf(net.family) - net.prefix)) - 1n };
}

function joined(nets: readonly Cidr[]): Interval[] {
  const found: Interval[] = [];
  const sorted = nets.map(intervalOf).sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  for (const next of sorted) {
    const last = found.at(-1);
    if (last && next.from <= last.to + 1n) {
      if (next.to > last.to) last.to = next.to;
    } else found.push({ ...next });
  }
  return found;
}

/** The fewest networks that cover an interval, in order. */
function cover({ from, to }: Interval, family: 4 | 6): Cidr[] {
  const found: Cidr[] = [];
  const width = widthOf(family);
  for (let at = from; at <= to; ) {
    let bits = 0;
    while (bits < width && at % (2n << BigInt(bits)) === 0n && at + (2n << BigInt(bits)) - 1n <= to) bits += 1;
    found.push(cidr(`${addressOf(at, family)}/${width - bits}`));
    at += 1n << BigInt(bits);
  }
  return found;
}

const isHost = (net: Cidr): boolean => net.prefix === widthOf(net.family);

/** Networks of one family, as the kernel keeps them. Single addresses are sorted only: their set has no intervals. */
function keptNetworks(nets: readonly Cidr[]): readonly Cidr[] {
  const family = nets[0]?.family ?? 4;
  if (nets.length < 2) return nets;
  const intervals = joined(nets);
  if (!nets.every(isHost)) return intervals.flatMap((interval) => cover(interval, family));
  const hosts = new Map(nets.map((net) => [numberOf(net.base), net]));
  return [...hosts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, net]) => net);
}

/** An anonymous set of networks; one that joining left with a single element keeps its braces. */
export function networkSet(nets: readonly Cidr[]): { readonly nets: readonly Cidr[]; readonly inSet?: true } {
  const kept = keptNetworks(nets);
  return kept.length === 1 && nets.length > 1 ? { nets: kept, inSet: true } : { nets: kept };
}

/** `10.0.0.0/8`, and a single address without its prefix. */
export const networkText = (net: Cidr): string => (isHost(net) ? net.base : net.text);

/** The elements of an anonymous set of kept networks: what is no network prints as a range. */
export function elementTexts(nets: readonly Cidr[]): string[] {
  const family = nets[0]?.family ?? 4;
  if (nets.every(isHost)) return nets.map(networkText);
  return joined(nets).map((interval) => {
    const [only, ...rest] = cover(interval, family);
    if (only && rest.length === 0) return networkText(only);
    return `${addressOf(interval.from, family)}-${addressOf(interval.to, family)}`;
  });
}

/** The networks of `10.0.0.1-10.0.0.9`. */
export function rangeNetworks(from: Ip, to: Ip): Cidr[] {
  return cover({ from: numberOf(from), to: numberOf(to) }, familyOf(from));
}
