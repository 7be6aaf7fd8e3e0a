import type { NetnsConfig } from '../sim/linux/config.ts';
import type { HookName, Ruleset, TableName } from '../sim/linux/netfilter/iptables/rule.ts';
import { chainsAt, type HookChain } from '../sim/linux/netfilter/nftables/chains-at.ts';

const LINES_MAX = 4;
const TABLES = ['raw', 'mangle', 'nat', 'filter'] as const;

/** What waits at a hook, in words for small print, in the order in which the kernel asks: `nat KUBE-SERVICES`, `nft nat-prerouting`. */
export function hookChains(
  { iptables, ip6tables, nftables }: Pick<NetnsConfig, 'iptables' | 'ip6tables' | 'nftables'>,
  hook: HookName,
): string[] {
  // Both families have the same chains; where IPv4 is not there, those of IPv6 tell.
  const asked = iptables.size > 0 ? iptables : (ip6tables ?? iptables);
  const waiting = [
    ...TABLES.map((table) => ({ priority: priorityOf(table, hook), lines: tableLines(asked, table, hook) })),
    ...chainsAt(nftables ?? [], hook).map((found) => ({ priority: found.priority, lines: nftLines(found) })),
  ];
  const lines = waiting.sort((a, b) => a.priority - b.priority).flatMap((one) => one.lines);
  if (lines.length <= LINES_MAX) return lines;
  return [...lines.slice(0, LINES_MAX - 1), `and ${lines.length - LINES_MAX + 1} more`];
}

/** enum nf_ip_hook_priorities (include/uapi/linux/netfilter_ipv4.h). */
function priorityOf(table: TableName, hook: HookName): number {
  if (table === 'nat') return hook === 'POSTROUTING' || hook === 'INPUT' ? 100 : -100;
  return { raw: -300, mangle: -150, filter: 0 }[table];
}

function tableLines(ruleset: Ruleset, table: TableName, hook: HookName): readonly string[] {
  const chain = ruleset.get(table)?.chains.get(hook);
  if (!chain) return [];
  const names = chain.rules.map(({ target }) => {
    if (target === null) return 'count';
    return target.kind === 'jump' || target.kind === 'goto' ? target.chain : target.kind;
  });
  return [
    ...Array.from(new Set(names), (name) => `${table} ${name}`),
    ...(chain.policy === 'DROP' ? [`${table} policy DROP`] : []),
  ];
}

/** A base chain is named by itself. */
function nftLines({ chain }: HookChain): readonly string[] {
  if (chain.rules.length === 0 && chain.base?.policy !== 'drop') return [];
  return [`nft ${chain.name}${chain.base?.policy === 'drop' ? ', policy drop' : ''}`];
}
