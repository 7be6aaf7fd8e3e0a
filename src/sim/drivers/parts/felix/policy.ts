/**
 * Policies as chains: felix/rules/policy.go and endpoints.go (`PolicyGroupToIptablesChains`), v3.31. A rule decides by a mark; what iptables
 * cannot say in one rule (several networks, more than 15 ports, ports by name beside ports by number) is a block of rules that work on
 * scratch marks.
 */
import { type ClusterPolicy, type PolicyDirection, policyRef } from '../../../kube/cluster-policy.ts';
import type { Family } from '../../../kube/families.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { type CalicoRule, calicoRules, type PortRange } from './calico-rule.ts';
import { type FelixRule, felixChain } from './chain.ts';
import {
  ACCEPTED,
  clear,
  DROPPED,
  isClear,
  isNotClear,
  isSet,
  PASSED,
  SCRATCH_0,
  SCRATCH_1,
  set,
  setMasked,
} from './marks.ts';
import { namedPortSet, peerSet } from './policy-sets.ts';
import { calicoName, type PolicyGroup, policyChain } from './tiers.ts';

/** Slots of one multiport match; a range takes two. */
const PORT_SLOTS_MAX = 15;
/** Behind so many policies of a group Felix asks whether one of them has decided. */
const RETURN_STRIDE = 5;
const RETURN = '--jump RETURN';
const DIRECTIONS: readonly PolicyDirection[] = ['ingress', 'egress'];

export function policyOps(policy: ClusterPolicy, family: Family): RuleOp[] {
  return DIRECTIONS.flatMap((direction) => {
    const rules = calicoRules(policy, direction);
    if (rules === undefined) return [];
    const [first = { why: 'it allows nothing' }, ...rest] = withoutLastReturns(
      rules.flatMap((rule) => render(rule, direction, family)),
    );
    const comment = [...[first.comment ?? []].flat(), `Policy ${calicoName(policy)} ${direction}`];
    const all = [{ ...first, comment }, ...rest].map((rule): FelixRule => ({ ...rule, for: policyRef(policy) }));
    return felixChain('filter', policyChain(direction, policy), all);
  });
}

/** Policies with one selector, behind one chain. */
export function groupOps({ chain, policies }: PolicyGroup, direction: PolicyDirection): RuleOp[] {
  const undecided = isClear(PASSED | ACCEPTED);
  const rules = policies.flatMap((policy, i): FelixRule[] => {
    const isFirst = i % RETURN_STRIDE === 0;
    const match = isFirst ? {} : { match: undecided };
    return [
      ...(isFirst && i > 0 ? [RETURN_ON_VERDICT] : []),
      { ...match, action: `--jump ${policyChain(direction, policy)}`, for: policyRef(policy), why: SELECTS },
    ];
  });
  return felixChain('filter', chain, rules);
}

export const SELECTS = 'it selects this pod';
const RETURN_ON_VERDICT: FelixRule = {
  match: isNotClear(PASSED | ACCEPTED),
  action: RETURN,
  comment: 'Return on verdict',
  why: 'one of the policies has decided',
};

/** A return at the end of a chain changes nothing, so Felix leaves it out. */
function withoutLastReturns(rules: readonly FelixRule[]): readonly FelixRule[] {
  const end = rules.findLastIndex(({ action }) => action !== RETURN);
  return rules.slice(0, end + 1);
}

/** Ingress rules look at who sends, egress rules at who gets it. */
const SIDE = {
  ingress: { net: '--source', dir: 'src' },
  egress: { net: '--destination', dir: 'dst' },
} as const;

function render(given: CalicoRule, direction: PolicyDirection, family: Family): FelixRule[] {
  const rule = inFamily(given, family);
  if (!rule) return [];
  const { net, dir } = SIDE[direction];
  const proto = rule.protocol ? `-p ${rule.protocol}` : '';
  const set = peerSet(rule, direction, family);
  const members = set === null ? '' : `-m set --match-set ${set} ${dir}`;
  const ports = [...splitPorts(rule.ports), ...rule.named.map((port) => namedMatch(rule, port, direction, family))];
  const isPortBlock = ports.length > 1;
  const isNetBlock = rule.nets.length > 1;
  const isExceptBlock = (isNetBlock ? 0 : rule.nets.length) + rule.notNets.length > 1;
  const block = matchBlock(
    [
      ...(isPortBlock ? [ports.map((match) => (match.startsWith('-m multiport') ? `${proto} ${match}` : match))] : []),
      ...(isNetBlock ? [rule.nets.map(({ text }) => `${net} ${text}`)] : []),
    ],
    isExceptBlock ? rule.notNets.map(({ text }) => `${net} ${text}`) : [],
  );
  const match = [
    proto,
    isNetBlock ? '' : rule.nets.map(({ text }) => `${net} ${text}`).join(''),
    members,
    isPortBlock ? '' : ports.join(''),
    block.length > 0 ? isSet(SCRATCH_0) : '',
  ];
  const rules = [...block, ...decide(rule, match.filter(Boolean).join(' '))];
  return rules.map((each) => (rule.comment === undefined ? each : { ...each, comment: rule.comment }));
}

/** `FilterRuleToIPVersion`: a rule whose networks are all of the other family is no rule here. */
function inFamily(rule: CalicoRule, family: Family): CalicoRule | null {
  const nets = rule.nets.filter((net) => net.family === family);
  return rule.nets.length > 0 && nets.length === 0 ? null : { ...rule, nets };
}

function namedMatch(
  rule: CalicoRule,
  port: CalicoRule['named'][number],
  direction: PolicyDirection,
  family: Family,
): string {
  return `-m set --match-set ${namedPortSet(rule, port, direction, family)} dst,dst`;
}

const ACTIONS = {
  allow: { mark: ACCEPTED, next: RETURN, done: 'the policy has allowed it' },
  pass: { mark: PASSED, next: RETURN, done: 'the policy leaves it to the next tier' },
} as const;

/** A mark where it fits; what follows from that is a rule of its own. */
function decide({ action, why }: CalicoRule, match: string): FelixRule[] {
  const where = match === '' ? {} : { match };
  if (action === 'deny')
    return [
      { ...where, action: set(DROPPED), why },
      { match: isSet(DROPPED), action: '--jump DROP', why: `denies this packet (${why})`, decides: 'denies' },
    ];
  const { mark, next, done } = ACTIONS[action];
  return [
    { ...where, action: set(mark), why, ...(action === 'allow' ? { decides: 'allows' as const } : {}) },
    { match: isSet(mark), action: next, why: done },
  ];
}

/** Port lists that fit one multiport match each. */
function splitPorts(ports: readonly PortRange[]): string[] {
  const splits: string[][] = [[]];
  let slots = PORT_SLOTS_MAX;
  for (const { from, to } of ports) {
    const needed = from === to ? 1 : 2;
    if (slots < needed) {
      splits.push([]);
      slots = PORT_SLOTS_MAX;
    }
    splits.at(-1)?.push(from === to ? String(from) : `${from}:${to}`);
    slots -= needed;
  }
  return splits
    .filter((split) => split.length > 0)
    .map((split) => `-m multiport --destination-ports ${split.join(',')}`);
}

/**
 * "Any of these, and any of those, and none of the last" (`matchBlockBuilder`). The first list writes the result itself; the next one
 * writes into a second bit, without which the result is cleared; an exception clears it at once.
 */
function matchBlock(anyOf: readonly (readonly string[])[], noneOf: readonly string[]): FelixRule[] {
  if (anyOf.length === 0 && noneOf.length === 0) return [];
  const start = anyOf.length > 0 ? 0 : SCRATCH_0;
  return [
    { action: setMasked(start, SCRATCH_0 | SCRATCH_1), why: 'a condition of several rules begins' },
    ...anyOf.flatMap((list, i): FelixRule[] => [
      ...list.map((match) => ({ match, action: set(i === 0 ? SCRATCH_0 : SCRATCH_1), why: 'one of several fits' })),
      ...(i === 0
        ? []
        : [{ match: isClear(SCRATCH_1), action: clear(SCRATCH_0), why: 'none of the second list fits' }]),
    ]),
    ...noneOf.map((match) => ({ match, action: clear(SCRATCH_0), why: 'an exception of the address block' })),
  ];
}
