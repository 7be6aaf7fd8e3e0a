/** What packets wrote into the sets of one namespace (net/netfilter/nft_dynset.c, nft_set_hash.c). Without limit of 100 as xt_recent has it. */
import type { NftSet } from './ruleset.ts';

const NS_PER_S = 1_000_000_000;

/** By `family table set`, then by key: when the element goes. */
export type DynamicSets = Map<string, Map<string, number>>;

export function remembers(sets: DynamicSets, name: string, key: string, nowNs: number): boolean {
  const until = sets.get(name)?.get(key);
  return until !== undefined && until > nowNs;
}

/** Elements that have not run out. */
export function countNow(sets: DynamicSets, name: string, nowNs: number): number {
  let count = 0;
  for (const until of sets.get(name)?.values() ?? []) if (until > nowNs) count += 1;
  return count;
}

/** Adds an element or starts its time again. False when the set is full: the rule ends there. */
export function remember(sets: DynamicSets, name: string, set: NftSet, key: string, nowNs: number): boolean {
  const elements = sets.get(name) ?? new Map<string, number>();
  sets.set(name, elements);
  if (!elements.has(key) && set.sizeMax !== undefined && elements.size >= set.sizeMax) dropOld(elements, nowNs);
  if (!elements.has(key) && set.sizeMax !== undefined && elements.size >= set.sizeMax) return false;
  elements.set(
    key,
    set.timeoutSeconds === undefined ? Number.POSITIVE_INFINITY : nowNs + set.timeoutSeconds * NS_PER_S,
  );
  return true;
}

function dropOld(elements: Map<string, number>, nowNs: number): void {
  for (const [key, until] of elements) if (until <= nowNs) elements.delete(key);
}
