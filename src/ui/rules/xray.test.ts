import { describe, expect, it } from 'vitest';
import { applyRuleOps } from '../../sim/linux/netfilter/iptables/build.ts';
import type { Rule, RuleOp } from '../../sim/linux/netfilter/iptables/rule.ts';
import type { Step } from '../../sim/linux/step.ts';
import { windowRows } from './window-rows.ts';
import { rowKey, walkedRows, xrayOf, xrayRows } from './xray.ts';

const accept: Rule = { matches: [], target: { kind: 'ACCEPT' } };
const append = (chain: string, rule: Rule): RuleOp => ({ op: 'append', table: 'filter', chain, rule });
const ruleset = applyRuleOps([append('FORWARD', accept), append('FORWARD', accept), append('INPUT', accept)]);

const step = (i: number, body: object): Step => ({ i, ns: 'node-1', packet: 'p1', ...body }) as unknown as Step;
const rule = { kind: 'rule', table: 'filter', chain: 'FORWARD' };
const steps = [
  step(0, { kind: 'hook', family: 'ip', hook: 'FORWARD' }),
  step(1, { ...rule, first: 0, index: 1 }),
  step(2, { kind: 'chain-end', table: 'filter', chain: 'INPUT', first: 0, end: 1, verdict: 'ACCEPT' }),
];
const hop = { packet: 'p1', ns: 'node-1', from: 0, to: 2 };

describe('xrayRows', () => {
  it('prints a table with its rules, and counts equal lines', () => {
    const rows = xrayRows(ruleset).filter(({ kind }) => kind === 'rule');
    expect(rows.map(({ text, nth }) => `${text} ${nth}`)).toEqual([
      '-A INPUT -j ACCEPT 0',
      '-A FORWARD -j ACCEPT 0',
      '-A FORWARD -j ACCEPT 1',
    ]);
  });
});

describe('xrayOf', () => {
  it('counts the rules that were looked at, up to a step', () => {
    expect(xrayOf(steps, hop, 1)).toMatchObject({ evaluated: 2, matched: 1 });
    expect(xrayOf(steps, hop, 2)).toMatchObject({ evaluated: 3, matched: 1 });
  });

  it('says of each rule what happened to it', () => {
    const { seen } = xrayOf(steps, hop, 2);
    expect(seen.get(rowKey('filter', 'FORWARD', 0))).toBe('evaluated');
    expect(seen.get(rowKey('filter', 'FORWARD', 1))).toBe('matched');
    expect(seen.get(rowKey('filter', 'INPUT', 0))).toBe('evaluated');
  });

  it('lists the lines in the order in which the packet went through them', () => {
    const walked = walkedRows(xrayRows(ruleset), steps, hop, 2);
    expect(walked.map(({ seen, row }) => `${seen} ${row.text}`)).toEqual([
      'unreached FORWARD, table filter',
      'evaluated -A FORWARD -j ACCEPT',
      'matched -A FORWARD -j ACCEPT',
      'evaluated -A INPUT -j ACCEPT',
    ]);
  });
});

describe('windowRows', () => {
  it.each([
    [10, 0, { first: 0, end: 10 }],
    [10_000, 0, { first: 0, end: 22 }],
    [10_000, 20_000, { first: 988, end: 1022 }],
    [10_000, 1e9, { first: 10_000, end: 10_000 }],
    [0, 0, { first: 0, end: 0 }],
  ])('%i rows, scrolled %i px', (count, scrollPx, expected) => {
    expect(windowRows(count, 20, scrollPx, 200)).toMatchObject(expected);
  });
});
