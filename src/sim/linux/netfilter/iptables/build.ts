/** From what writers ask to the tables that stand: the ruleset as a fold over rule operations. */
import { assert } from '../../../base/assert.ts';
import {
  BUILTIN_CHAINS,
  type Chain,
  type Rule,
  type RuleOp,
  type Ruleset,
  type Table,
  type TableName,
} from './rule.ts';

interface Draft {
  readonly name: TableName;
  readonly chains: Map<string, { readonly name: string; policy: Chain['policy']; rules: Rule[] }>;
}

function newDraft(name: TableName): Draft {
  const chains: Draft['chains'] = new Map();
  for (const chain of BUILTIN_CHAINS[name]) chains.set(chain, { name: chain, policy: 'ACCEPT', rules: [] });
  return { name, chains };
}

/**
 * Applies operations in the order in which the writers ran. A table appears, with its built-in chains, when it is first used.
 * `new-chain` is the `:CHAIN - [0:0]` line of iptables-restore: it makes the chain, or empties the one that is there.
 * `insert` puts a rule first. A rule for a chain that does not exist is a bug of the writer.
 */
export function applyRuleOps(ops: Iterable<RuleOp>): Ruleset {
  const tables = new Map<TableName, Draft>();
  for (const op of ops) {
    let table = tables.get(op.table);
    if (!table) {
      table = newDraft(op.table);
      tables.set(op.table, table);
    }
    applyOp(table, op);
  }
  return tables satisfies ReadonlyMap<TableName, Table>;
}

function applyOp(table: Draft, op: RuleOp): void {
  const chain = table.chains.get(op.chain);
  if (op.op === 'new-chain') {
    if (chain) chain.rules = [];
    else table.chains.set(op.chain, { name: op.chain, policy: null, rules: [] });
    return;
  }
  assert(chain, `chain ${op.chain} exists in table ${op.table} before it is used`);
  if (op.op === 'policy') chain.policy = op.policy;
  else if (op.op === 'append') chain.rules.push(op.rule);
  else chain.rules.unshift(op.rule);
}
