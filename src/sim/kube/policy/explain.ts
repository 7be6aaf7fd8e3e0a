/**
 * Why a packet may pass, or why not: every policy that concerns each end, every rule of it, and for each rule that does not admit the
 * packet what does not fit. The verdict is the oracle's; this only says where it comes from.
 */
import { familyOf, type Ip } from '../../wire/ip.ts';
import { hasBit } from './bitset.ts';
import { type PolicyModel, type ResolvedEnd, selectingPolicies } from './model.ts';
import type { LookedUp, LookedUpRule } from './program.ts';
import { type Mismatch, type MissingFact, peerFinding, podMismatches, portMismatches } from './reasons.ts';
import { type Action, type Direction, isolates, type Tier, type UniformPolicy } from './uniform.ts';
import { type PolicyProbe, type PolicyVerdict, resolvePair, type SideVerdict, verdictOf } from './verdict.ts';

/** Of a rule or a policy: it lets the packet pass, it does not, it is not about it, or a fact is missing. */
export type Word = 'admits' | 'does not admit' | 'not applicable' | 'cannot tell';

export interface Explanation {
  readonly probe: PolicyProbe;
  readonly verdict: PolicyVerdict;
  readonly egress: SideExplanation;
  readonly ingress: SideExplanation;
}

export interface SideExplanation extends SideVerdict {
  /** The pod whose policies these are; absent where the end is none. */
  readonly subject?: string;
  /** Those that select the pod for this direction, in the order in which they are asked; then all others. */
  readonly policies: readonly PolicyExplanation[];
}

export interface PolicyExplanation {
  readonly ref: string;
  readonly policy: UniformPolicy;
  readonly tier: Tier;
  readonly word: Word;
  /** Why it is not applicable: what its subject selector wants and the pod has not. Empty: it is not about this direction. */
  readonly notSelected?: readonly Mismatch[];
  readonly rules: readonly RuleExplanation[];
}

export interface RuleExplanation {
  /** Its position, from 0. */
  readonly index: number;
  readonly name?: string;
  readonly action: Action;
  readonly word: Word;
  /** Peer and port fit. */
  readonly isMatch: boolean;
  /** It matched, and nothing before it had decided: it is what made the verdict, or passed it on. */
  readonly isDecisive: boolean;
  /** For each peer why it does not find the other end; empty where one does, or where the rule names none. */
  readonly peers: readonly (readonly Mismatch[])[];
  readonly isPeerFound: boolean;
  /** For each port why it does not fit; empty where one does. */
  readonly ports: readonly Mismatch[];
  readonly missing: readonly MissingFact[];
}

export function explain(model: PolicyModel, probe: PolicyProbe): Explanation {
  const verdict = verdictOf(model, probe);
  const [source, destination] = resolvePair(model, probe.from, probe.to);
  const side = (of: SideVerdict, subject: ResolvedEnd | null, other: ResolvedEnd | null): SideExplanation => {
    if (subject?.pod === undefined || other === null) return { ...of, policies: [] };
    const address = addressOf(model, probe, other);
    const name = `${subject.pod.namespace}/${subject.pod.name}`;
    return {
      ...of,
      subject: name,
      policies: explainSide({ model, probe, direction: of.direction, subject, other, address }),
    };
  };
  return {
    probe,
    verdict,
    egress: side(verdict.egress, source, destination),
    ingress: side(verdict.ingress, destination, source),
  };
}

/** What is asked at one end. */
interface Question {
  readonly model: PolicyModel;
  readonly probe: PolicyProbe;
  readonly direction: Direction;
  readonly subject: ResolvedEnd;
  readonly other: ResolvedEnd;
  readonly address: Ip | undefined;
}

function explainSide(question: Question): readonly PolicyExplanation[] {
  const { model, subject, direction } = question;
  const selecting = selectingPolicies(model, subject.end, direction);
  const decided: Decided = { isFinal: false, skips: null };
  const isIsolated = selecting.some(({ policy }) => isolates(policy, direction));
  const asked = selecting.map((policy): PolicyExplanation => {
    const { tier, ref } = policy.policy;
    const isAsked = tier !== 'Baseline' || !isIsolated;
    const rules = policy[direction].map((one, index) =>
      explainRule(question, { ...one, index, tier, isAsked }, decided),
    );
    return { ref, policy: policy.policy, tier, word: 'not applicable', rules };
  });
  const isDenied = asked.some((policy) => policy.tier === 'NetworkPolicy' && policy.rules.some(isDenial));
  const applicable = asked.map((policy): PolicyExplanation => {
    const rules = isDenied ? policy.rules.map((rule) => afterDenial(policy.tier, rule)) : policy.rules;
    return { ...policy, rules, word: wordOf(policy.policy, direction, rules) };
  });
  const others = model.policies
    .filter((policy) => model.isOn(policy) && !selecting.includes(policy))
    .map((policy) => notApplicable(model, policy, subject));
  return [...applicable, ...others];
}

const isDenial = ({ action, isDecisive }: RuleExplanation): boolean => action === 'deny' && isDecisive;

/** Among NetworkPolicies and Cilium's a denial counts, wherever it stands: what others admit decides nothing. */
const afterDenial = (tier: Tier, rule: RuleExplanation): RuleExplanation =>
  tier !== 'Admin' && rule.isDecisive && !isDenial(rule) ? { ...rule, isDecisive: false } : rule;

function notApplicable(model: PolicyModel, { policy, subjects }: LookedUp, subject: ResolvedEnd): PolicyExplanation {
  const isSelected = hasBit(subjects, subject.end);
  return {
    ref: policy.ref,
    policy,
    tier: policy.tier,
    word: 'not applicable',
    notSelected: isSelected || !subject.pod ? [] : podMismatches(policy.subject, subject.pod, model),
    rules: [],
  };
}

/** Of the other end, in the family that the packet has. */
function addressOf(model: PolicyModel, { from, to }: PolicyProbe, other: ResolvedEnd): Ip | undefined {
  const given = [from, to].flatMap((end) => (end.kind === 'ip' ? [end.ip] : []));
  const family = given[0] === undefined ? undefined : familyOf(given[0]);
  const end = model.ends.all[other.end];
  const ips = other.pod?.ips ?? (end?.kind === 'node' ? end.node.ips : given);
  return ips.find((one) => family === undefined || familyOf(one) === family) ?? ips[0];
}

/** What the rules before have made of the packet. */
interface Decided {
  isFinal: boolean;
  /** The tier whose other rules are skipped. */
  skips: Tier | null;
}

interface AskedRule extends LookedUpRule {
  readonly index: number;
  readonly tier: Tier;
  /** False for the baseline of a pod that a NetworkPolicy selects. */
  readonly isAsked: boolean;
}

function explainRule(
  { model, probe: { protocol, port }, direction, subject, other, address }: Question,
  { rule, peers: bits, index, tier, isAsked }: AskedRule,
  decided: Decided,
): RuleExplanation {
  const isPeerFound = bits === undefined || hasBit(bits, other.end);
  const findings = isPeerFound ? [] : (rule.peers ?? []).map((peer) => peerFinding(peer, other, address, model));
  const ports = portMismatches(rule.ports, protocol, port, direction === 'ingress' ? subject : other);
  const missing = findings.flatMap((finding) => (finding.missing ? [finding.missing] : []));
  const isMatch = isPeerFound && ports.length === 0;
  const isDecisive = isMatch && isAsked && !decided.isFinal && decided.skips !== tier;
  if (isDecisive && rule.action === 'pass') decided.skips = tier;
  else if (isDecisive && tier !== 'NetworkPolicy') decided.isFinal = true;
  return {
    index,
    ...(rule.name === undefined ? {} : { name: rule.name }),
    action: rule.action,
    word: ruleWord(rule.action, isMatch, missing.length > 0 && ports.length === 0),
    isMatch,
    isDecisive,
    peers: findings.map(({ mismatches }) => mismatches),
    isPeerFound,
    ports,
    missing,
  };
}

function ruleWord(action: Action, isMatch: boolean, isMissing: boolean): Word {
  if (isMatch) return action === 'accept' ? 'admits' : action === 'deny' ? 'does not admit' : 'not applicable';
  if (isMissing) return 'cannot tell';
  return action === 'accept' ? 'does not admit' : 'not applicable';
}

/** A policy that closes a pod always decides; the others only where a rule of them matches. */
function wordOf(policy: UniformPolicy, direction: Direction, rules: readonly RuleExplanation[]): Word {
  if (isolates(policy, direction)) {
    if (rules.some(({ isMatch, action }) => isMatch && action === 'deny')) return 'does not admit';
    if (rules.some(({ isMatch }) => isMatch)) return 'admits';
    return rules.some(({ word }) => word === 'cannot tell') ? 'cannot tell' : 'does not admit';
  }
  const first = rules.find(({ isMatch, word }) => isMatch || word === 'cannot tell');
  return first === undefined ? 'not applicable' : first.word;
}
