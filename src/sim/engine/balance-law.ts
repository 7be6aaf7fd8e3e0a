/**
 * What theory expects of many connections: read off the very rules, maps or virtual server that chose for the first of them. So it
 * holds for rules that a person changed, and for traffic policies, without knowing either.
 */
import type { NetnsConfig } from '../linux/config.ts';
import { endpointText, type VirtualServer } from '../linux/ipvs/table.ts';
import { type Rule, rulesetOf, type Table } from '../linux/netfilter/iptables/rule.ts';
import { endpointsOf, endpointText as portText } from '../linux/netfilter/nftables/numgen.ts';
import type { NftTable } from '../linux/netfilter/nftables/ruleset.ts';
import type { Step } from '../linux/step.ts';
import { choiceOf, chosenEndpoint } from './chosen-endpoint.ts';
import type { World } from './world.ts';

/**
 * `random`: each connection is a draw. `turns`: one after the other. `fewest`: to whoever has the fewest connections. `sticky`: a client
 * stays where its first connection went. `hash`: computed from addresses; `port-hash`: from the client's port too. `one`: there is one endpoint only.
 */
export type LawKind = 'random' | 'turns' | 'fewest' | 'sticky' | 'hash' | 'port-hash' | 'one';

export interface BalanceLaw {
  readonly kind: LawKind;
  /** Who decides, in the words of the tool: `-m statistic --mode random`, `numgen random mod 3`, `scheduler rr`. */
  readonly by: string;
  /** The machine whose rules choose. */
  readonly ns: string;
  /** By endpoint, what it should get of all connections; sums to 1. */
  readonly shares: ReadonlyMap<string, number>;
}

/** `steps` are those of one connection that met the choice with nothing remembered; null where nothing was chosen. */
export function balanceLaw(steps: readonly Step[], world: World): BalanceLaw | null {
  const choice = choiceOf(steps);
  const endpoint = chosenEndpoint(steps);
  if (!choice) {
    const ns = steps.find((step) => step.kind === 'deliver')?.ns ?? '';
    return endpoint === null ? null : only(endpoint, ns, 'the address itself');
  }
  const config = world.namespaces.get(choice.ns);
  if (!config || endpoint === null) return null;
  const drawn = choice.kind === 'ipvs' ? ipvsLaw(choice.virtual, choice.ns) : lawBefore(steps, choice.i, config);
  const law = drawn ?? only(endpoint, choice.ns, 'one rule');
  if (law.shares.size === 1) return { ...law, kind: 'one' };
  return law.kind === 'sticky' || law.kind === 'hash' ? { ...law, shares: new Map([[endpoint, 1]]) } : law;
}

const only = (endpoint: string, ns: string, by: string): BalanceLaw => ({
  kind: 'one',
  by,
  ns,
  shares: new Map([[endpoint, 1]]),
});

function ipvsLaw({ scheduler, flags = [], persistentSeconds, realServers }: VirtualServer, ns: string): BalanceLaw {
  const serving = realServers.filter(({ weight }) => weight > 0);
  const isWeighted = !['rr', 'lc', 'nq'].includes(scheduler);
  const total = serving.reduce((sum, { weight }) => sum + (isWeighted ? weight : 1), 0);
  const shares = new Map(serving.map((real) => [endpointText(real), (isWeighted ? real.weight : 1) / total]));
  if (persistentSeconds !== undefined) return { kind: 'sticky', by: `persistent ${persistentSeconds}`, ns, shares };
  const hashesPort = flags.includes('mh-port') || flags.includes('sh-port');
  return { kind: hashesPort ? 'port-hash' : SCHEDULER_LAWS[scheduler], by: `scheduler ${scheduler}`, ns, shares };
}

const SCHEDULER_LAWS: Readonly<Record<VirtualServer['scheduler'], LawKind>> = {
  rr: 'turns',
  wrr: 'turns',
  lc: 'fewest',
  wlc: 'fewest',
  sed: 'fewest',
  nq: 'fewest',
  sh: 'hash',
  dh: 'hash',
  mh: 'hash',
};

/** What was drawn last before the choice: by a program, or by rules. */
function lawBefore(steps: readonly Step[], choice: number, config: NetnsConfig): BalanceLaw | null {
  const draw = steps.findLast((step) => step.kind === 'bpf-choice' && step.i < choice && step.ns === config.id);
  if (draw?.kind !== 'bpf-choice') return rulesLaw(steps, choice, config);
  const shares = new Map(draw.of.map((endpoint) => [endpoint, 1 / draw.of.length]));
  if (draw.isKept) return { kind: 'sticky', by: 'an affinity map', ns: config.id, shares };
  return { kind: 'random', by: 'bpf_get_prandom_u32', ns: config.id, shares };
}

function rulesLaw(steps: readonly Step[], choice: number, config: NetnsConfig): BalanceLaw | null {
  const before = steps.filter((step) => step.i < choice && step.ns === config.id);
  const draw = before.findLast((step) => step.kind === 'nft-rule' && step.slot !== undefined);
  if (draw?.kind === 'nft-rule') return nftLaw(draw, config);
  const dnat = before.findLast((step) => step.kind === 'rule' && step.rule.target?.kind === 'DNAT');
  return dnat?.kind === 'rule' ? iptablesLaw(before, dnat, config) : null;
}

function nftLaw(draw: Extract<Step, { kind: 'nft-rule' }>, config: NetnsConfig): BalanceLaw | null {
  const table = config.nftables?.find(({ family, name }) => family === draw.family && name === draw.table);
  if (!table) return null;
  for (const s of draw.rule.statements) {
    if (s.kind !== 'numgen-vmap' && s.kind !== 'dnat-numgen') continue;
    const slots =
      s.kind === 'dnat-numgen' ? s.slots.map(({ ip, port }) => portText(ip, port)) : endpointsOf(table, s.slots);
    const shares = new Map<string, number>();
    for (const slot of slots) if (slot !== undefined) shares.set(slot, (shares.get(slot) ?? 0) + 1 / slots.length);
    const isSticky = s.kind === 'numgen-vmap' && s.slots.some((v) => 'chain' in v && updatesSet(table, v.chain));
    const by = `numgen random mod ${slots.length}`;
    return {
      kind: isSticky ? 'sticky' : 'random',
      by: isSticky ? 'a set of client addresses' : by,
      ns: config.id,
      shares,
    };
  }
  return null;
}

const updatesSet = (table: NftTable, chain: string): boolean =>
  table.chains.get(chain)?.rules.some((rule) => rule.statements.some((s) => s.kind === 'update')) === true;

type RuleStep = Extract<Step, { kind: 'rule' }>;

function iptablesLaw(before: readonly Step[], dnat: RuleStep, config: NetnsConfig): BalanceLaw | null {
  const jump = before.findLast((step): step is RuleStep => step.kind === 'rule' && leadsInto(step.rule, dnat.chain));
  const table = rulesetOf(config, dnat.family).get('nat');
  const rules = (jump && table?.chains.get(jump.chain)?.rules) ?? [];
  if (!table || rules.length === 0) return null;
  const shares = new Map<string, number>();
  let rest = 1;
  for (const rule of rules) {
    const endpoint = rule.matches.some(({ kind }) => kind === 'recent') ? undefined : endpointBehind(rule, table);
    if (endpoint === undefined) continue;
    const share = rest * probabilityOf(rule);
    shares.set(endpoint, (shares.get(endpoint) ?? 0) + share);
    rest -= share;
  }
  const isSticky = rules.some(({ matches }) => matches.some(({ kind }) => kind === 'recent'));
  const by = isSticky ? '-m recent' : '-m statistic --mode random';
  return { kind: isSticky ? 'sticky' : 'random', by, ns: config.id, shares };
}

function leadsInto({ target }: Rule, chain: string): boolean {
  return (target?.kind === 'jump' || target?.kind === 'goto') && target.chain === chain;
}

function endpointBehind({ target }: Rule, table: Table): string | undefined {
  if (target?.kind === 'DNAT') return portText(target.to, target.port);
  if (target?.kind !== 'jump' && target?.kind !== 'goto') return undefined;
  for (const { target: inner } of table.chains.get(target.chain)?.rules ?? [])
    if (inner?.kind === 'DNAT') return portText(inner.to, inner.port);
  return undefined;
}

function probabilityOf({ matches }: Rule): number {
  for (const match of matches) if (match.kind === 'statistic') return match.probability;
  return 1;
}
