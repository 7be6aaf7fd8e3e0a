/** `numgen random mod N`: which slot a packet gets. */
import type { NftRule, NftTable, NftVerdict } from './ruleset.ts';

/** Draws a slot. `endpoints`: per slot, the `ip:port` that it leads to, so that a person or a recording may ask for one. */
export type NumgenChoice = (endpoints: readonly (string | undefined)[]) => number;

export function endpointsOf(table: NftTable, slots: readonly NftVerdict[]): (string | undefined)[] {
  return slots.map((slot) => ('chain' in slot ? chainEndpoint(table, slot.chain) : undefined));
}

const chainEndpoint = (table: NftTable, chain: string): string | undefined =>
  table.chains
    .get(chain)
    ?.rules.map(ruleEndpoint)
    .find((endpoint) => endpoint !== undefined);

function ruleEndpoint(rule: NftRule): string | undefined {
  for (const s of rule.statements) if (s.kind === 'dnat') return endpointText(s.to, s.port);
  return undefined;
}

/** As Services name it: `10.244.1.2:8080`, `[fd00::2]:8080`. */
export function endpointText(ip: string, port: number | undefined): string {
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port ?? ''}`;
}
