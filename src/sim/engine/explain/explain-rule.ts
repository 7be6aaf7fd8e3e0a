/** Rules: what was evaluated, what matched, and what the writer of the rule wanted. */
import { type Match, type Rule, rulesetOf, type Target, toolOf } from '../../linux/netfilter/iptables/rule.ts';
import { policyEvidence, ruleEvidence } from './evidence.ts';
import { count, isFault } from './names.ts';
import { socketText } from './packet-words.ts';
import { type Scene, type StepOf, type Told, visitSoFar } from './scene.ts';

type RuleScene = Scene<StepOf<'rule'>>;

export function explainRule(scene: RuleScene): Told {
  const { step, here, ns } = scene;
  const evaluated = step.index - step.first + 1;
  const what = step.rule.target ? targetTitle(step.rule.target) : 'counts';
  return {
    title: `${step.chain}: ${what}`,
    sentence: `${writerSentence(step.rule.origin)}${ruleSentence(scene)}`,
    counts: `${count(evaluated, 'rule')} evaluated, 1 matched`,
    evidence: [ruleEvidence(ns, here, step, step.index)],
    checks: [`${toolOf(step.family)}-save -t ${step.table} | grep ${step.chain}   # on ${here}`],
  };
}

export function targetTitle(target: Target): string {
  switch (target.kind) {
    case 'jump':
    case 'goto':
      return `to ${target.chain}`;
    case 'MARK':
      return 'marks the packet';
    case 'DNAT':
      return `DNAT to ${socketText(target.to, target.port)}`;
    case 'REJECT':
      return `REJECT (${target.with})`;
    default:
      return target.kind;
  }
}

/** The writer's own reason, where it gave one: `kube-proxy: new connections are looked up among the Services.` */
export function writerSentence(origin: Rule['origin']): string {
  if (!origin) return '';
  if (isFault(origin)) return 'You added this rule. ';
  const whose = origin.for && !origin.for.startsWith('Node ') ? ` for ${origin.for}` : '';
  return origin.why ? `${origin.by}${whose}: ${origin.why.replace(': ', ', ')}. ` : '';
}

function ruleSentence(scene: RuleScene): string {
  const { step } = scene;
  const { target } = step.rule;
  switch (target?.kind) {
    case 'jump':
    case 'goto':
      return jumpSentence(scene, target.chain);
    case 'ACCEPT':
      return acceptSentence(scene);
    case 'DROP':
      return `The packet matches and is thrown away, without a word to the sender: the program will wait until it gives up.`;
    case 'REJECT':
      return `The packet matches and is refused: ${rejectAnswer(target.with)} goes back, so the program knows at once.`;
    case 'RETURN':
      return `So ${step.chain} has nothing to do: back to the chain that called it.`;
    case 'DNAT':
      return `The destination becomes ${targetTitle(target).slice('DNAT to '.length)}.`;
    case 'SNAT':
      return `The source becomes ${target.to}.`;
    case 'MASQUERADE':
      return `The source becomes the address of the device by which the packet leaves.`;
    case 'MARK':
      return markSentence(scene, target);
    case 'NFLOG':
      return `A copy goes to the program that listens to the kernel's log group ${target.group}; the packet itself goes on.`;
    case 'NOTRACK':
      return `Connection tracking is told to leave this packet alone: it writes no entry, so nothing can race for one, and no rule of the nat table is asked.`;
    default:
      return `The rule has no target: it only counts or remembers.`;
  }
}

const rejectAnswer = (how: string): string =>
  how === 'tcp-reset' ? 'a TCP RST' : `an ICMP error (${how.replace(/^icmp6?-/, '').replaceAll('-', ' ')})`;

function jumpSentence(scene: RuleScene, chain: string): string {
  const { step } = scene;
  const on = `On to ${chain}${leadsTo(scene, chain)}.`;
  const random = step.rule.matches.find((m): m is Match & { kind: 'statistic' } => m.kind === 'statistic');
  if (random)
    return `Chance picked this rule, which takes ${share(random.probability)} of the connections that reach it. ${on}`;
  if (step.rule.matches.some((m) => m.kind === 'recent'))
    return `This client was here before, so it goes to the same endpoint again. ${on}`;
  return hasDice(scene) ? `Chance picked none of the rules before, and the last one takes the rest. ${on}` : on;
}

/** `, which leads to 10.244.1.2:8080 (web-1)`. */
function leadsTo({ step, ns, names }: RuleScene, chain: string): string {
  for (const { target } of rulesetOf(ns, step.family).get(step.table)?.chains.get(chain)?.rules ?? [])
    if (target?.kind === 'DNAT') return `, which leads to ${names.endpoint(target.to, target.port ?? null)}`;
  return '';
}

/** An earlier rule of this chain drew lots. */
function hasDice({ step, ns }: RuleScene): boolean {
  const rules = rulesetOf(ns, step.family).get(step.table)?.chains.get(step.chain)?.rules ?? [];
  return rules.slice(step.first, step.index).some((rule) => rule.matches.some((m) => m.kind === 'statistic'));
}

function share(probability: number): string {
  const whole = 1 / probability;
  return Math.abs(whole - Math.round(whole)) < 1e-6
    ? `1 in ${Math.round(whole)}`
    : `${Math.round(probability * 100)} %`;
}

function acceptSentence({ step, here }: RuleScene): string {
  const known = step.rule.matches.some((m) => m.kind === 'conntrack' && !m.invert && m.states.includes('ESTABLISHED'));
  if (known) return `The flow is already known to ${here}, so its packets pass without being checked rule by rule.`;
  return `The packet matches and may pass: no later rule of the ${step.table} table is asked at this hook.`;
}

function markSentence({ step, ns }: RuleScene, target: Target & { kind: 'MARK' }): string {
  const hex = `0x${target.value.toString(16)}`;
  if (target.value === 0) return `Any of the marks 0x${target.mask.toString(16)} is taken off.`;
  if ((step.markAfter & target.value) === 0) return `The mark ${hex} is taken off.`;
  const reader = [...(rulesetOf(ns, step.family).get('nat')?.chains.values() ?? [])].find((chain) =>
    chain.rules.some((rule) => rule.matches.some((m) => m.kind === 'mark' && m.value === target.value)),
  );
  const later = reader ? `; ${reader.name} reads it, when the way out is known` : '';
  return `The packet gets the mark ${hex}, a note that only this node sees${later}.`;
}

export function explainChainEnd(scene: Scene<StepOf<'chain-end'>>): Told {
  const { step, here, ns } = scene;
  const evaluated = step.end - step.first;
  const base = {
    counts: `${evaluated} more ${evaluated === 1 ? 'rule' : 'rules'} evaluated, none decided`,
    evidence: [policyEvidence(ns, here, step)],
    checks: [`${toolOf(step.family)} -t ${step.table} -S ${step.chain}   # on ${here}`],
  };
  if (step.verdict === 'return')
    return {
      ...base,
      title: `${step.chain}: nothing for this packet`,
      sentence: `No rule of ${step.chain} decides about this packet: back to the chain that called it.`,
    };
  const isEmpty = (rulesetOf(ns, step.family).get(step.table)?.chains.get(step.chain)?.rules.length ?? 0) === 0;
  if (isEmpty && step.verdict === 'ACCEPT')
    return {
      ...base,
      title: `${step.chain}: no rules`,
      sentence: `The ${step.table} table has no rules at ${step.chain}, so the packet goes on.`,
    };
  const refused = visitSoFar(scene).some((s) => s.kind === 'conntrack' && s.state === 'INVALID')
    ? ' Conntrack had called it INVALID.'
    : '';
  const sentence =
    step.verdict === 'DROP'
      ? `No rule of ${step.chain} accepted the packet, and the chain's policy is DROP: it is thrown away silently.${refused}`
      : `No rule of the ${step.table} table at ${step.chain} decided, so the chain's policy does: ACCEPT.`;
  return { ...base, title: `${step.chain}: policy ${step.verdict}`, sentence };
}
