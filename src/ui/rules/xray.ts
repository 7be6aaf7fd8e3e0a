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

/**
 * The visit whose rules are shown at a step: the one that the step belongs to, or, in a namespace without rules, the last one before
 * it in a namespace that has some, or else the first one after it.
 */
export function hopWithRules(trace: Trace, step: number, hasRules: (ns: string) => boolean): Hop | undefined {
  const packet = trace.steps[step]?.packet;
  const own = trace.hops.find((hop) => hop.packet === packet && hop.from <= step && step <= hop.to);
  if (own !== undefined && hasRules(own.ns)) return own;
  const others = trace.hops.filter(({ ns }) => hasRules(ns));
  return others.findLast((hop) => hop.to <= step) ?? others.find((hop) => hop.from > step) ?? own;
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

/**
 * The lines that a visit went through, in the order in which the kernel did: under a head for each hook and table, those that were
 * evaluated without a match, then the one that matched.
 */
export function walkedRows(
  rows: readonly XrayRow[],
  steps: readonly Step[],
  hop: Hop,
  upTo: number,
): readonly WalkedRow[] {
  const byKey = new Map(rows.map((row) => [rowKey(row.table, row.chain, row.index), row]));
  const walked: WalkedRow[] = [];
  let hook = '';
  let head = '';
  for (const step of steps.slice(hop.from, Math.min(hop.to, upTo) + 1)) {
    if (step.packet !== hop.packet || step.ns !== hop.ns) continue;
    if (step.kind === 'hook') hook = step.family === 'bridge' ? `${step.hook} (called by the bridge)` : step.hook;
    if (step.kind !== 'rule' && step.kind !== 'chain-end') continue;
    const here = `${hook}, table ${step.table}`;
    const end = step.kind === 'rule' ? step.index : step.end - 1;
    if (end >= step.first && here !== head) {
      walked.push({ step: step.i, seen: 'unreached', row: headRow(here, step.table) });
      head = here;
    }
    for (let index = step.first; index <= end; index++) {
      const row = byKey.get(rowKey(step.table, step.chain, index));
      const isMatch = step.kind === 'rule' && index === step.index;
      if (row !== undefined) walked.push({ step: step.i, seen: isMatch ? 'matched' : 'evaluated', row });
    }
  }
  return walked;
}

export interface WalkedRow {
  readonly row: XrayRow;
  readonly seen: Seen;
  /** The step that went through it. */
  readonly step: number;
}

const headRow = (text: string, table: TableName): XrayRow => {
  return { text, kind: 'table', table, chain: '', index: -1, nth: 0 };
};

/** Every line, with what the visit did with it. */
export function allRows(rows: readonly XrayRow[], { seen }: Xray, step: number): readonly WalkedRow[] {
  return rows.map((row) => ({ row, step, seen: seen.get(rowKey(row.table, row.chain, row.index)) ?? 'unreached' }));
}
