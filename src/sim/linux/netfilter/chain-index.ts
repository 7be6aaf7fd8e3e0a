/**
 * Finds quickly which rules of a long chain could match at all. iptables tries every rule in turn, and the trace says so (it counts
 * them); but a rule for one other destination can be passed over without asking, and kube-proxy's longest chain is made of such rules.
 */
import type { Ip } from '../../wire/ip.ts';
import type { Chain, Rule } from './iptables/rule.ts';

/** Shorter chains are walked rule by rule. */
const INDEXED_FROM = 32;

interface ChainIndex {
  /** Indices of rules for exactly one destination, by that destination. */
  readonly byDestination: ReadonlyMap<Ip, readonly number[]>;
  /** Indices of all other rules. */
  readonly others: readonly number[];
}

const indexes = new WeakMap<Chain, ChainIndex>();

/** Indices of the rules to try for this destination, in order; null means all of them. */
export function candidates(chain: Chain, dst: Ip): readonly number[] | null {
  if (chain.rules.length < INDEXED_FROM) return null;
  let index = indexes.get(chain);
  if (!index) {
    index = indexOf(chain);
    indexes.set(chain, index);
  }
  const own = index.byDestination.get(dst);
  return own ? [...own, ...index.others].sort((a, b) => a - b) : index.others;
}

function indexOf(chain: Chain): ChainIndex {
  const byDestination = new Map<Ip, number[]>();
  const others: number[] = [];
  chain.rules.forEach((rule, i) => {
    const dst = onlyDestination(rule);
    if (dst === undefined) others.push(i);
    else if (byDestination.has(dst)) byDestination.get(dst)?.push(i);
    else byDestination.set(dst, [i]);
  });
  return { byDestination, others };
}

function onlyDestination({ dst }: Rule): Ip | undefined {
  if (!dst || dst.invert) return undefined;
  const { base, prefix, family } = dst.value;
  return prefix === (family === 4 ? 32 : 128) ? base : undefined;
}
