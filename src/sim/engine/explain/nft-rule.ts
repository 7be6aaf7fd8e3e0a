/** What a rule of nftables comes to: its last statement decides, and where it translates to. */
import type { NftRule, NftStatement } from '../../linux/netfilter/nftables/ruleset.ts';
import type { Ip } from '../../wire/ip.ts';

export const lastStatement = (rule: NftRule): NftStatement | undefined => rule.statements.at(-1);

export const ruleRejects = (rule: NftRule): boolean => lastStatement(rule)?.kind === 'reject';

export const ruleMasquerades = (rule: NftRule): boolean => lastStatement(rule)?.kind === 'masquerade';

/** Where a plain `dnat to` leads; null for all other rules. */
export function targetOf(rule: NftRule): { readonly ip: Ip; readonly port: number | null } | null {
  const last = lastStatement(rule);
  return last?.kind === 'dnat' ? { ip: last.to, port: last.port ?? null } : null;
}

/** Among how many numgen drew; null: the rule leaves nothing to chance. */
export function drawOf(rule: NftRule): number | null {
  const last = lastStatement(rule);
  return last?.kind === 'numgen-vmap' || last?.kind === 'dnat-numgen' ? last.slots.length : null;
}
