/** Reads what `iptables-save` prints and what iptables-restore is given. Nothing is skipped: a line that is not understood is an error. */
import { err, ok, type Result } from '../../../base/result.ts';
import { parseRuleWords } from '../../parse/rule-line.ts';
import { splitWords } from '../../parse/rule-words.ts';
import { applyRuleOps } from './build.ts';
import { BUILTIN_CHAINS, type HookName, type RuleOp, type Ruleset, type TableName } from './rule.ts';

export interface RulesetError {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

interface Reading {
  table: TableName | null;
  ops: Exclude<RuleOp, { op: 'restore-all' }>[];
  /** `table chain` of every chain that stands. */
  readonly chains: Set<string>;
}

/** Chains that are used without a `:CHAIN` line must be built-in ones. Counters are left out. */
export function parseRuleset(text: string): Result<Ruleset, RulesetError> {
  const reading: Reading = { table: null, ops: [], chains: new Set() };
  for (const [index, line] of text.split('\n').entries()) {
    const message = readLine(line.trim(), reading);
    if (message !== null) return err({ line: index + 1, message });
  }
  if (reading.table) return err({ line: text.split('\n').length, message: `table ${reading.table} has no COMMIT` });
  return ok(applyRuleOps(reading.ops));
}

/** Returns what is wrong with the line, or null. */
function readLine(line: string, reading: Reading): string | null {
  if (line === '' || line.startsWith('#')) return null;
  if (line.startsWith('*')) return startTable(line.slice(1), reading);
  const { table } = reading;
  if (!table) return 'a line outside of a table';
  if (line === 'COMMIT') {
    reading.table = null;
    return null;
  }
  if (line.startsWith(':')) return declareChain(line, table, reading);
  const words = splitWords(line.replace(/^\[\d+:\d+\] /, ''));
  return words.ok ? readCommand(words.value, table, reading) : words.error;
}

function startTable(name: string, reading: Reading): string | null {
  if (!isTableName(name)) return `table "${name}" is not modelled`;
  if (reading.table) return `table ${reading.table} has no COMMIT`;
  reading.table = name;
  for (const chain of BUILTIN_CHAINS[name]) {
    const key = `${name} ${chain}`;
    if (!reading.chains.has(key)) reading.ops.push({ op: 'policy', table: name, chain, policy: 'ACCEPT' });
    reading.chains.add(key);
  }
  return null;
}

const isTableName = (name: string): name is TableName => name in BUILTIN_CHAINS;

/** `:CHAIN POLICY [packets:bytes]`. A `-` on a built-in chain leaves its policy. */
function declareChain(line: string, table: TableName, reading: Reading): string | null {
  const [, chain, policy] = /^:(\S+) (ACCEPT|DROP|-)( \[\d+:\d+\])?$/.exec(line) ?? [];
  if (chain === undefined) return 'a chain line is `:CHAIN POLICY [packets:bytes]`';
  const builtin = BUILTIN_CHAINS[table].find((name) => name === chain);
  if (builtin) {
    if (policy === 'ACCEPT' || policy === 'DROP') reading.ops.push({ op: 'policy', table, chain: builtin, policy });
    return null;
  }
  if (policy !== '-') return `chain ${chain} is not built-in and has no policy`;
  reading.chains.add(`${table} ${chain}`);
  reading.ops.push({ op: 'new-chain', table, chain });
  return null;
}

function readCommand(words: readonly string[], table: TableName, reading: Reading): string | null {
  const [command = '', chain = '', ...rest] = words;
  if (!reading.chains.has(`${table} ${chain}`)) return `chain "${chain}" is not in table ${table}`;
  if (command === '-X') return deleteChain(chain, table, reading);
  if (command !== '-A' && command !== '-I') return `command "${command}" is not modelled`;
  const isInsert = command === '-I';
  if (isInsert && /^\d+$/.test(rest[0] ?? '') && rest.shift() !== '1') return 'a rule is inserted first or not at all';
  const rule = parseRuleWords(rest);
  if (!rule.ok) return rule.error;
  reading.ops.push({ op: isInsert ? 'insert' : 'append', table, chain, rule: rule.value });
  return null;
}

function deleteChain(chain: string, table: TableName, reading: Reading): string | null {
  if (BUILTIN_CHAINS[table].includes(chain as HookName)) return `chain ${chain} is built-in and stays`;
  reading.ops = reading.ops.filter((op) => op.table !== table || op.chain !== chain);
  reading.chains.delete(`${table} ${chain}`);
  return null;
}
