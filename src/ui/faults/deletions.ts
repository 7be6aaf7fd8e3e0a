/** The events that delete what a tool lists: rules, elements, servers, entries, addresses. */
import type { Address } from '../../sim/linux/config.ts';
import { endpointText, type RealServer, type VirtualServer } from '../../sim/linux/ipvs/table.ts';
import type { TableName } from '../../sim/linux/netfilter/iptables/rule.ts';
import { lineName } from '../../sim/scenario/line-name.ts';
import type { FaultEvent } from '../../sim/scenario/scenario.ts';

/** Where something of nftables stands: `ip`, `kube-proxy`. */
export interface NftPlace {
  readonly family: string;
  readonly table: string;
}

/** Equal lines are told apart by their place among each other. */
const nthIf = (nth: number): { readonly nth?: number } => (nth > 0 ? { nth } : {});

/** A table of iptables, or of ip6tables. */
export interface TablePlace {
  readonly family?: 4 | 6 | undefined;
  readonly table: TableName;
}

export const ruleDeleted = (ns: string, { family, table }: TablePlace, line: string, nth: number): FaultEvent => ({
  type: 'RuleDeleted',
  ns,
  table: family === 6 ? `ip6 ${table}` : table,
  line: lineName(line),
  ...nthIf(nth),
});

export const nftRuleDeleted = (ns: string, place: NftPlace, chain: string, line: string, nth: number): FaultEvent => ({
  type: 'NftRuleDeleted',
  ns,
  table: `${place.family} ${place.table}`,
  chain,
  line: lineName(line),
  ...nthIf(nth),
});

export const elementDeleted = (ns: string, { family, table }: NftPlace, set: string, key: string): FaultEvent => ({
  type: 'NftElementDeleted',
  ns,
  table: `${family} ${table}`,
  set,
  key,
});

export function serverDeleted(ns: string, virtual: VirtualServer, real: RealServer | null): FaultEvent {
  const at = { ns, proto: virtual.proto, at: endpointText(virtual) };
  return real === null
    ? { type: 'VirtualServerDeleted', ...at }
    : { type: 'RealServerDeleted', ...at, server: endpointText(real) };
}

export const memberDeleted = (ns: string, set: string, member: string): FaultEvent => ({
  type: 'IpsetMemberDeleted',
  ns,
  set,
  member,
});

export const addressDeleted = (ns: string, { dev, ip }: Pick<Address, 'dev' | 'ip'>): FaultEvent => ({
  type: 'AddressDeleted',
  ns,
  dev,
  ip,
});

const NOUNS: Partial<Record<FaultEvent['type'], string>> = {
  NftElementDeleted: 'element',
  VirtualServerDeleted: 'virtual server',
  RealServerDeleted: 'real server',
  IpsetMemberDeleted: 'entry',
  AddressDeleted: 'address',
};

/** `Delete this rule`. */
export const deletionLabel = ({ type }: FaultEvent): string => `Delete this ${NOUNS[type] ?? 'rule'}`;

/** How many of the lines before one are equal to it. */
export function copiesBefore(lines: readonly string[], index: number): number {
  const line = lines[index];
  return lines.slice(0, index).filter((other) => other === line).length;
}
