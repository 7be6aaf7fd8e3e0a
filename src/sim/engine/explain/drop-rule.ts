/** The rule, or the chain policy, that ended a packet: one view of iptables and nftables for the verdict. */
import type { Origin } from '../../linux/origin.ts';
import type { Step } from '../../linux/step.ts';
import { nftRuleLine, ruleLine } from './lines.ts';
import { isFault } from './names.ts';
import { lastStatement } from './nft-rule.ts';
import type { StepOf } from './scene.ts';

export type DropRule = StepOf<'rule'> | StepOf<'chain-end'> | StepOf<'nft-rule'> | StepOf<'nft-chain-end'>;
export type DropPolicy = Extract<DropRule, { kind: 'chain-end' | 'nft-chain-end' }>;
export type DecidingRule = Exclude<DropRule, DropPolicy>;

export const isPolicy = (rule: DropRule): rule is DropPolicy =>
  rule.kind === 'chain-end' || rule.kind === 'nft-chain-end';

export function ruleBefore(steps: readonly Step[], drop: StepOf<'drop'>): DropRule | null {
  const found = steps.slice(0, drop.i).findLast((s) => s.packet === drop.packet && s.ns === drop.ns && ends(s));
  return found && ends(found) ? found : null;
}

function ends(step: Step): step is DropRule {
  switch (step.kind) {
    case 'rule':
    case 'nft-rule':
      return step.effect === 'drop';
    case 'chain-end':
      return step.verdict === 'DROP';
    case 'nft-chain-end':
      return step.verdict === 'drop';
    default:
      return false;
  }
}

/**
 * nftables: the map's element that said what to do, or that led to the chain of the rule. It was written for one Service, where the
 * rule serves all.
 */
export function elementBehind(steps: readonly Step[], rule: DropRule): StepOf<'nft-lookup'> | null {
  if (rule.kind !== 'nft-rule') return null;
  const isVmap = lastStatement(rule.rule)?.kind === 'vmap';
  const found = steps.slice(0, rule.i).findLast((s) => {
    if (s.kind !== 'nft-lookup' || s.packet !== rule.packet || s.ns !== rule.ns) return false;
    const verdict = s.element?.verdict;
    return isVmap
      ? verdict?.kind === rule.effect
      : verdict !== undefined && 'chain' in verdict && verdict.chain === rule.chain;
  });
  return found?.kind === 'nft-lookup' ? found : null;
}

/** Who wrote what decided, and for whom. */
export const decidedOrigin = (rule: DecidingRule, element: StepOf<'nft-lookup'> | null): Origin | undefined =>
  isFault(rule.rule.origin) ? rule.rule.origin : (element?.element?.origin ?? rule.rule.origin);

export const printed = (rule: DecidingRule): string =>
  rule.kind === 'rule' ? ruleLine(rule.chain, rule.rule, rule.family) : nftRuleLine(rule.family, rule.rule);

export const dropsInvalid = (rule: DecidingRule): boolean =>
  rule.kind === 'rule'
    ? rule.rule.matches.some((m) => m.kind === 'conntrack' && !m.invert && m.states.includes('INVALID'))
    : rule.rule.statements.some((s) => s.kind === 'ct-state' && !s.invert && s.states.includes('invalid'));

/** `kube-proxy's REJECT rule`. */
export function ruleWords(origin: Origin | undefined, what: 'DROP' | 'REJECT'): string {
  return `${origin === undefined ? 'a' : `${origin.by}'s`} ${what} rule`;
}
