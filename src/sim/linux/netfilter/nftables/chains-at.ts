/** Which base chains a hook calls, and in which order. */
import type { HookName } from '../iptables/rule.ts';
import { manipAt } from '../manip.ts';
import type { NftChain, NftTable } from './ruleset.ts';

/** A base chain and its table. */
export interface HookChain {
  readonly table: NftTable;
  readonly chain: NftChain;
  /** Where netfilter calls it. */
  readonly priority: number;
}

/** `NF_IP_PRI_NAT_DST`, `NF_IP_PRI_NAT_SRC`. */
const NAT_PRIORITY = { dst: -100, src: 100 } as const;

/**
 * The base chains of a hook in the order in which netfilter calls them: by priority, and of equal ones the table that was loaded last
 * first (net/netfilter/core.c `nf_hook_entries_grow`). All nat chains are called at one place, whatever their own priority, which orders
 * them there only (net/netfilter/nf_nat_core.c `nf_nat_register_fn`). Tables come in the order of loading.
 */
export function chainsAt(tables: readonly NftTable[], hook: HookName): HookChain[] {
  const found: (HookChain & { readonly own: number })[] = [];
  for (const table of tables)
    for (const chain of table.chains.values()) {
      if (chain.base?.hook !== hook) continue;
      const { type, priority: own } = chain.base;
      found.unshift({ table, chain, own, priority: type === 'nat' ? NAT_PRIORITY[manipAt(hook)] : own });
    }
  found.sort((a, b) => a.priority - b.priority || a.own - b.own);
  return found.map(({ table, chain, priority }) => ({ table, chain, priority }));
}
