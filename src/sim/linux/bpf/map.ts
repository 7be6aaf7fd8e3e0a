/**
 * eBPF maps: tables that programs look up. An agent writes them (configuration), and packets do (memory). Keys and values are flat
 * records, so that a map is data; what a name means is known to those who wrote the programs (`kind.ts`).
 */
import { type Ip, intToIp, ipToInt } from '../../wire/ip.ts';
import type { Origin } from '../origin.ts';

export type BpfScalar = string | number | boolean;
export type BpfRecord = Readonly<Record<string, BpfScalar>>;

export interface BpfEntry {
  readonly key: BpfRecord;
  readonly value: BpfRecord;
  readonly origin?: Origin;
}

/** A pinned map and what an agent put into it. */
export interface BpfMap {
  readonly name: string;
  /** May be computed when first asked for: a node of a large cluster has thousands. */
  readonly entries: readonly BpfEntry[];
}

/** What packets wrote, by map and key; they never delete. */
export type BpfMemory = Map<string, Map<string, BpfEntry>>;

/** Equal keys have equal texts: every key of a map is made by the same function, with its fields in the same order. */
export const keyText = (key: BpfRecord): string => Object.values(key).join(' ');

interface Index {
  readonly byKey: ReadonlyMap<string, BpfEntry>;
  /** Prefix lengths that occur in a trie of IPv4 networks, longest first. */
  readonly prefixes: readonly number[];
}

/** By the entries: nodes whose maps hold the same share them. */
const indexes = new WeakMap<readonly BpfEntry[], Index>();

function indexOf({ entries }: BpfMap): Index {
  const known = indexes.get(entries);
  if (known) return known;
  const byKey = new Map(entries.map((entry) => [keyText(entry.key), entry]));
  const lengths = new Set<number>();
  for (const { key } of entries) if (typeof key.prefix === 'number') lengths.add(key.prefix);
  const index = { byKey, prefixes: [...lengths].sort((a, b) => b - a) };
  indexes.set(entries, index);
  return index;
}

export const findEntry = (map: BpfMap, key: BpfRecord): BpfEntry | undefined => indexOf(map).byKey.get(keyText(key));

/** Longest prefix match (BPF_MAP_TYPE_LPM_TRIE); keys are `{ base, prefix }`. */
export function findLongest(map: BpfMap, address: Ip): BpfEntry | undefined {
  const { byKey, prefixes } = indexOf(map);
  for (const prefix of prefixes) {
    const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
    const base = prefix === 32 ? address : intToIp((ipToInt(address) & mask) >>> 0);
    const found = byKey.get(keyText({ base, prefix }));
    if (found) return found;
  }
  return undefined;
}
