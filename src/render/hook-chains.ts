import type { HookName, Ruleset } from '../sim/linux/netfilter/iptables/rule.ts';

const LINES_MAX = 4;

/** What waits at a hook, in words for small print: `nat  KUBE-SERVICES`, in the order in which the kernel asks the tables. */
export function hookChains(ruleset: Ruleset, hook: HookName): string[] {
  const lines: string[] = [];
  for (const table of ['raw', 'mangle', 'nat', 'filter'] as const) {
    const chain = ruleset.get(table)?.chains.get(hook);
    if (!chain) continue;
    const names = chain.rules.map(({ target }) => {
      if (target === null) return 'count';
      return target.kind === 'jump' || target.kind === 'goto' ? target.chain : target.kind;
    });
    for (const name of new Set(names)) lines.push(`${table} ${name}`);
    if (chain.policy === 'DROP') lines.push(`${table} policy DROP`);
  }
  if (lines.length <= LINES_MAX) return lines;
  return [...lines.slice(0, LINES_MAX - 1), `and ${lines.length - LINES_MAX + 1} more`];
}
