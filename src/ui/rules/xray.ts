/**
 * The rules of a namespace as `iptables-save` prints them, and what one visit of a packet did with each line. A view: which rules
 * were evaluated is told by the steps.
 */

import type { Hop, Trace } from '../../sim/engine/trace.ts';
import { chainsInPrintOrder, printRule } from '../../sim/linux/netfilter/iptables/print.ts';
import type { Ruleset, TableName } from '../../sim/linux/netfilter/iptables/rule.ts';
import type { Step } from '../../sim/linux/step.ts';

export interface XrayRow {
  readonly text: string;
  readonly kind: 'table' | 'chain' | 'rule' | 'commit';
  readonly table: TableName;
  readonly chain: string;
  /** Place in the chain, from 0; -1 for what is no rule. */
  readonly index: number;
  /** Which of several equal lines of this table it is, from 0. */
  readonly nth: number;
}

export type Seen = 'matched' | 'evaluated' | 'unreached';

export interface Xray {
  /** By `rowKey`. */
  readonly seen: ReadonlyMap<string, Seen>;
  readonly evaluated: number;
  readonly matched: number;
}

export const rowKey = (table: TableName, chain: string, index: number): string => `${table} ${chain} ${index}`;

const TABLES: readonly TableName[] = ['mangle', 'raw', 'filter', 'nat'];

export function xrayRows(ruleset: Ruleset): readonly XrayRow[] {
  return TABLES.flatMap((name) => {
    const table = ruleset.get(name);
    if (table === undefined) return [];
    const chains = chainsInPrintOrder(table);
    const other = { table: name, index: -1, nth: 0 };
    const copies = new Map<string, number>();
    const rules = chains.flatMap((chain) =>
      chain.rules.map((rule, index): XrayRow => {
        const text = printRule(chain.name, rule);
        const nth = copies.get(text) ?? 0;
        copies.set(text, nth + 1);
        return { text, kind: 'rule', table: name, chain: chain.name, index, nth };
      }),
    );
    return [
      { ...other, text: `*${name}`, kind: 'table', chain: '' },
      ...chains.map((chain): XrayRow => {
        return { ...other, text: `:${chain.name} ${chain.policy ?? '-'} [0:0]`, kind: 'chain', chain: chain.name };
      }),
      ...rules,
      { ...other, text: 'COMMIT', kind: 'commit', chain: '' },
    ];
  });
}

/** The visit that a step belongs to: one packet in one namespace. */
export function hopOf(trace: Trace, step: number): Hop | undefined {
  const packet = trace.steps[step]?.packet;
  return trace.hops.find((hop) => hop.packet === packet && hop.from <= step && step <= hop.to);
}

/** What a visit did with the rules, up to and with `upTo`. A rule that was evaluated twice counts twice, as the kernel's work does. */
export function xrayOf(steps: readonly Step[], hop: Hop, upTo: number): Xray {
  const seen = new Map<string, Seen>();
  let evaluated = 0;
  let matched = 0;
  for (const step of steps.slice(hop.from, Math.min(hop.to, upTo) + 1)) {
    if (step.packet !== hop.packet || step.ns !== hop.ns) continue;
    if (step.kind !== 'rule' && step.kind !== 'chain-end') continue;
    const end = step.kind === 'rule' ? step.index : step.end;
    for (let index = step.first; index < end; index++) {
      const key = rowKey(step.table, step.chain, index);
      if (seen.get(key) !== 'matched') seen.set(key, 'evaluated');
      evaluated += 1;
    }
    if (step.kind !== 'rule') continue;
    seen.set(rowKey(step.table, step.chain, step.index), 'matched');
    evaluated += 1;
    matched += 1;
  }
  return { seen, evaluated, matched };
}

/** Lines that took part, with the heads of their tables: what is shown when the rest is hidden. */
export function onlySeen(rows: readonly XrayRow[], { seen }: Xray): readonly XrayRow[] {
  const tables = new Set([...seen.keys()].map((key) => key.split(' ')[0]));
  return rows.filter(({ kind, table, chain, index }) => {
    if (kind === 'table') return tables.has(table);
    return kind === 'rule' && seen.has(rowKey(table, chain, index));
  });
}
