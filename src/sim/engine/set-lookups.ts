/**
 * Which ipsets the iptables rules of a step asked. The kernel model tells of rules, not of the sets that they ask: the packet and the
 * configuration say it again, by the kernel's own functions.
 */

import type { IpSet, NetnsConfig } from '../linux/config.ts';
import { askedMember, isInSet, setNamed } from '../linux/netfilter/ipset.ts';
import { type Rule, rulesetOf } from '../linux/netfilter/iptables/rule.ts';
import { headerMatches } from '../linux/netfilter/matches.ts';
import type { Step } from '../linux/step.ts';
import { type IpPacket, innermost } from '../wire/frame.ts';

export type RulesStep = Extract<Step, { kind: 'rule' | 'chain-end' }>;

export interface SetLookup {
  /** Place of the rule in its chain. */
  readonly index: number;
  readonly set: string;
  /** What was asked for, as members are written; null where the packet has no such thing. */
  readonly member: string | null;
  readonly isIn: boolean;
}

/** Where the packet of a step is, as earlier steps of its visit told. */
export interface VisitContext {
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly state: string | undefined;
}

export const NO_CONTEXT: VisitContext = { iif: undefined, oif: undefined, state: undefined };

/** What a step adds to what is known of the visit. */
export function nextContext(context: VisitContext, step: Step): VisitContext {
  if (step.kind === 'hook') return { ...context, iif: step.iif, oif: step.oif };
  return step.kind === 'conntrack' ? { ...context, state: step.state } : context;
}

export function setLookups(step: RulesStep, config: NetnsConfig, context: VisitContext): readonly SetLookup[] {
  if (config.ipsets.length === 0) return [];
  const packet = packetOf(step);
  const rules = rulesetOf(config, step.family).get(step.table)?.chains.get(step.chain)?.rules ?? [];
  if (!packet) return [];
  const end = step.kind === 'rule' ? step.index + 1 : step.end;
  const found: SetLookup[] = [];
  for (let index = step.first; index < end; index++) {
    const rule = rules[index];
    if (rule && headerMatches(rule, packet, context)) found.push(...asked(rule, index, packet, config.ipsets, context));
  }
  return found;
}

/** Matches are asked from left to right, until one does not hold. */
function asked(
  rule: Rule,
  index: number,
  packet: IpPacket,
  sets: readonly IpSet[],
  { state }: VisitContext,
): readonly SetLookup[] {
  const found: SetLookup[] = [];
  for (const match of rule.matches) {
    if (match.kind === 'conntrack' && state !== undefined) {
      if (match.states.some((wanted) => wanted === state) === (match.invert === true)) break;
    }
    const set = match.kind === 'set' ? setNamed(sets, match.name) : undefined;
    if (match.kind !== 'set' || !set) continue;
    const isIn = isInSet(set, match.dirs, packet, sets);
    found.push({ index, set: set.name, member: askedMember(set, match.dirs, packet), isIn });
    if (isIn === (match.invert === true)) break;
  }
  return found;
}

const packetOf = ({ frame }: Step): IpPacket | undefined => ('ttl' in frame ? frame : innermost(frame));
