/** From what writers ask to the tables that stand: the ruleset as a fold over rule operations. */
import { assert } from '../../../base/assert.ts';
import { LayeredMap } from '../../../base/layered-map.ts';
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
  /** Chains that were written or changed one by one. */
  readonly chains: Map<string, DraftChain>;
  /** Chains that were restored together. */
  restored: ReadonlyMap<string, Chain> | null;
  /** Lists of rules that this fold made, so it may change them. */
  readonly own: WeakSet<readonly Rule[]>;
}

interface DraftChain {
  readonly name: string;
  policy: Chain['policy'];
  rules: readonly Rule[];
}

function newDraft(name: TableName): Draft {
  const chains: Draft['chains'] = new Map();
  for (const chain of BUILTIN_CHAINS[name]) chains.set(chain, { name: chain, policy: 'ACCEPT', rules: [] });
  return { name, chains, restored: null, own: new WeakSet() };
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
  return new Map(Array.from(tables.values(), (draft): [TableName, Table] => [draft.name, tableOf(draft)]));
}

function tableOf({ name, chains, restored }: Draft): Table {
  return { name, chains: restored ? new LayeredMap<string, Chain>(chains, restored) : chains };
}

function applyOp(table: Draft, op: RuleOp): void {
  if (op.op === 'restore-all') {
    for (const name of table.chains.keys()) if (op.chains.has(name)) table.chains.delete(name);
    table.restored = table.restored ? new LayeredMap(op.chains, table.restored) : op.chains;
    return;
  }
  const chain = chainOf(table, op.chain);
  if (op.op === 'new-chain' || op.op === 'restore') {
    const rules = op.op === 'restore' ? op.rules : [];
    table.chains.set(op.chain, { name: op.chain, policy: chain?.policy ?? null, rules });
    return;
  }
  assert(chain, `chain ${op.chain} exists in table ${op.table} before it is used`);
  if (op.op === 'policy') chain.policy = op.policy;
  else if (op.op === 'append') ownRules(table, chain).push(op.rule);
  else ownRules(table, chain).unshift(op.rule);
}

/** A restored chain that is about to change becomes one of the draft's own. */
function chainOf({ chains, restored }: Draft, name: string): DraftChain | undefined {
  const known = chains.get(name);
  const found = known ? undefined : restored?.get(name);
  if (!found) return known;
  const copy = { ...found };
  chains.set(name, copy);
  return copy;
}

/** A restored chain keeps its writer's list until somebody adds to it. */
function ownRules({ own }: Draft, chain: DraftChain): Rule[] {
  if (!own.has(chain.rules)) {
    chain.rules = [...chain.rules];
    own.add(chain.rules);
  }
  return chain.rules as Rule[];
}
