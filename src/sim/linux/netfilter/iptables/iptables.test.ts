import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { cidr } from '../../../wire/ip.ts';
import { applyRuleOps } from './build.ts';
import { parseRuleset } from './parse.ts';
import { printRule, printRuleset } from './print.ts';
import type { Rule, RuleOp } from './rule.ts';

const recording = (name: string): string => readFileSync(new URL(`recordings/${name}`, import.meta.url), 'utf8').trim();

const drop: Rule = { matches: [], target: { kind: 'DROP' } };
const accept: Rule = { matches: [], target: { kind: 'ACCEPT' } };

function printed(...ops: RuleOp[]): string[] {
  return printRuleset(applyRuleOps(ops)).split('\n');
}

describe('applyRuleOps', () => {
  it('makes the built-in chains of a table that is used', () => {
    const ruleset = applyRuleOps([{ op: 'new-chain', table: 'filter', chain: 'A' }]);
    expect([...ruleset.keys()]).toEqual(['filter']);
    expect([...must(ruleset.get('filter'), 'filter').chains.keys()]).toEqual(['INPUT', 'FORWARD', 'OUTPUT', 'A']);
  });

  it('puts an inserted rule first and an appended one last', () => {
    const at = { table: 'filter', chain: 'INPUT' } as const;
    const lines = printed({ op: 'append', ...at, rule: drop }, { op: 'insert', ...at, rule: accept });
    expect(lines.filter((line) => line.startsWith('-A'))).toEqual(['-A INPUT -j ACCEPT', '-A INPUT -j DROP']);
  });

  it('empties a chain that is declared again, as iptables-restore does', () => {
    const at = { table: 'nat', chain: 'A' } as const;
    const lines = printed({ op: 'new-chain', ...at }, { op: 'append', ...at, rule: drop }, { op: 'new-chain', ...at });
    expect(lines.filter((line) => line.startsWith('-A'))).toEqual([]);
  });

  it('sets the policy of a built-in chain', () => {
    expect(printed({ op: 'policy', table: 'filter', chain: 'FORWARD', policy: 'DROP' })).toContain(
      ':FORWARD DROP [0:0]',
    );
  });

  it('refuses a rule for a chain that does not exist', () => {
    expect(() => printed({ op: 'append', table: 'nat', chain: 'FORWARD', rule: drop })).toThrow(/FORWARD .* nat/);
  });
});

describe('against a real kernel', () => {
  it('prints what iptables-save printed after iptables-restore read the same input', () => {
    const ruleset = parseRuleset(recording('restore-input.txt'));
    expect(ruleset.ok && printRuleset(ruleset.value)).toBe(recording('iptables-save.txt'));
  });

  it('reads its own output back', () => {
    const ruleset = parseRuleset(recording('iptables-save.txt'));
    expect(ruleset.ok && printRuleset(ruleset.value)).toBe(recording('iptables-save.txt'));
  });
});

describe('printRule', () => {
  it('leaves out a match on every address', () => {
    expect(printRule('A', { src: { value: cidr('0.0.0.0/0') }, ...drop })).toBe('-A A -j DROP');
  });

  it('keeps the inversion of one: it matches nothing', () => {
    expect(printRule('A', { src: { value: cidr('0.0.0.0/0'), invert: true }, ...drop })).toBe(
      '-A A ! -s 0.0.0.0/0 -j DROP',
    );
  });
});

describe('parseRuleset', () => {
  const filter = (...lines: string[]): string => ['*filter', ':A - [0:0]', ...lines, 'COMMIT'].join('\n');

  it('forgets a chain that is deleted', () => {
    const ruleset = parseRuleset(filter('-X A'));
    expect(ruleset.ok && printRuleset(ruleset.value)).not.toContain(':A');
  });

  it('reads counters away', () => {
    const ruleset = parseRuleset(filter('[12:34] -A A -j DROP'));
    expect(ruleset.ok && printRuleset(ruleset.value)).toContain('-A A -j DROP');
  });

  it.each([
    ['-A A -s 10.0.0/8 -j DROP', 'not a network'],
    ['-A A --dport 80 -j DROP', '--dport needs one of'],
    ['-A A -p tcp --dport 99999 -j DROP', 'not a number from 0 to 65535'],
    ['-A A -m quota --quota 5 -j DROP', 'match "quota" is not modelled'],
    ['-A A -p esp -j DROP', 'protocol "esp" is not modelled'],
    ['-A A -m conntrack --ctstate OLD', 'conntrack state "OLD" is not modelled'],
    ['-A A -m comment --comment "x -j DROP', 'a quote is not closed'],
    ['-A A -m statistic --mode nth --every 2 --packet 0 -j DROP', 'option --every is not modelled'],
    ['-A A -j MARK', 'MARK needs --set-xmark'],
    ['-A B -j DROP', 'chain "B" is not in table filter'],
    ['-D A 1', 'command "-D" is not modelled'],
    ['-I A 2 -j DROP', 'inserted first or not at all'],
    [':INPUT - [x:0]', 'a chain line is'],
    [':B DROP [0:0]', 'not built-in'],
    ['*security', 'table "security" is not modelled'],
    ['-X INPUT', 'built-in and stays'],
    ['-A A -s 10.0.0.1 -s 10.0.0.2 -j DROP', 'already has a value'],
  ])('says at which line it stopped: %s', (line, message) => {
    const read = parseRuleset(filter(line));
    expect(read.ok).toBe(false);
    expect(!read.ok && read.error.line).toBe(3);
    expect(!read.ok && read.error.message).toContain(message);
  });

  it('wants a COMMIT', () => {
    expect(parseRuleset('*nat').ok).toBe(false);
  });
});
