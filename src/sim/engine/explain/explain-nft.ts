/** nftables: what was looked up, which rule ran to its end, and where a chain ended. Facts: nft(8), net/netfilter/nf_tables_core.c. */
import { printVerdict } from '../../linux/netfilter/nftables/print.ts';
import type { NftRule, NftSet, NftStatement } from '../../linux/netfilter/nftables/ruleset.ts';
import { nftChainEvidence, nftRuleEvidence, nftSetEvidence } from './evidence-nft.ts';
import { writerSentence } from './explain-rule.ts';
import { count } from './names.ts';
import { drawOf, lastStatement, ruleRejects, targetOf } from './nft-rule.ts';
import type { Scene, StepOf, Told } from './scene.ts';

type RuleScene = Scene<StepOf<'nft-rule'>>;
type Kind<K extends NftStatement['kind']> = Extract<NftStatement, { kind: K }>;

export function explainNftLookup(scene: Scene<StepOf<'nft-lookup'>>): Told {
  const { step, here, ns } = scene;
  const table = `${step.family} ${step.table}`;
  return {
    title: `${step.set}: ${step.element ? 'found' : 'not in it'}`,
    sentence: lookupSentence(scene),
    counts: `1 lookup among ${count(step.sizeNow, 'element')}, ${step.element ? 'found' : 'not found'}`,
    evidence: nftSetEvidence(ns, here, step),
    checks: hasPort(step.key)
      ? [`nft get element ${table} ${step.set} '{ ${step.key} }'   # on ${here}`]
      : [`nft list ${setOf(scene)?.kind ?? 'set'} ${table} ${step.set}   # on ${here}`],
  };
}

/** ICMP has no ports: `th dport` reads what stands in their place. */
const hasPort = (key: string): boolean => !key.includes('checksum');

const setOf = ({ step, ns }: Scene<StepOf<'nft-lookup'>>): NftSet | undefined =>
  ns.nftables?.find((t) => t.name === step.table && t.family === step.family)?.sets.get(step.set);

function lookupSentence(scene: Scene<StepOf<'nft-lookup'>>): string {
  const { element, set: name, sizeNow } = scene.step;
  const set = setOf(scene);
  const key = hasPort(scene.step.key)
    ? scene.step.key
    : `${scene.step.key} (ICMP has no port, so its checksum is read as one)`;
  const kind = set?.kind ?? 'set';
  const about = set?.comment ? ` ("${set.comment}")` : '';
  if (!element && sizeNow === 0) return `The ${kind} ${name}${about} is empty, so ${key} is not in it.`;
  if (!element)
    return `${key} is not in the ${kind} ${name}${about}. To learn that took one hash lookup, whether it holds ${count(sizeNow, 'element')} or 100,000.`;
  const whose = element.origin?.for ? `, written for ${element.origin.for}` : '';
  const why = element.origin?.why ? `: ${element.origin.why}` : '';
  const found = `${key} is in the ${kind} ${name}${about}${whose}${why}.`;
  if (!element.verdict) return found;
  return `${found} The element names what to do, ${printVerdict(element.verdict)}, and finding it is one hash lookup, however many Services there are.`;
}

export function explainNftRule(scene: RuleScene): Told {
  const { step, here, ns } = scene;
  const evaluated = step.index - step.first + 1;
  return {
    title: `${step.chain}: ${ruleTitle(step)}`,
    sentence: `${writerSentence(step.rule.origin)}${ruleSentence(scene)}`,
    counts: `${count(evaluated, 'rule')} evaluated, 1 matched`,
    evidence: [nftRuleEvidence(ns, here, step)],
    checks: [`nft list chain ${step.family} ${step.table} ${step.chain}   # on ${here}`],
  };
}

function ruleTitle({ rule, to, effect }: StepOf<'nft-rule'>): string {
  const last = lastStatement(rule);
  switch (last?.kind) {
    case 'dnat':
    case 'dnat-numgen':
      return 'translates the destination';
    case 'masquerade':
      return 'masquerades';
    case 'reject':
      return `reject (${last.with})`;
    case 'update':
      return 'remembers the client';
    case 'mark-set':
      return last.op === 'or' ? 'marks the packet' : 'takes the mark off';
    default:
      return to === undefined ? effect : `to ${to}`;
  }
}

function ruleSentence(scene: RuleScene): string {
  const { step, names } = scene;
  const last = lastStatement(step.rule);
  switch (last?.kind) {
    case 'vmap':
      return vmapSentence(scene);
    case 'numgen-vmap':
      return `${drawSentence(step, last.slots.length)} On to ${step.to}${leadsTo(scene)}.`;
    case 'dnat-numgen': {
      const chosen = last.slots[step.slot ?? 0];
      return `${drawSentence(step, last.slots.length)} The destination becomes ${chosen ? names.endpoint(chosen.ip, chosen.port) : 'that endpoint'}.`;
    }
    case 'jump':
    case 'goto':
      return onSentence(scene, last);
    case 'dnat':
      return `The destination becomes ${names.endpoint(last.to, last.port ?? null)}, and the nat chain ends here.`;
    case 'masquerade':
      return `The source becomes the address of the device by which the packet leaves${last.fullyRandom ? ', with a source port picked at random' : ''}.`;
    case 'update':
      return `The client's address goes into the set ${last.set}, or its time there starts again: that is how the next connection finds this endpoint.`;
    case 'mark-set':
      return markSentence(step, last);
    default:
      return decisionSentence(step);
  }
}

function decisionSentence({ rule, chain, effect }: StepOf<'nft-rule'>): string {
  if (ruleRejects(rule))
    return `The packet is refused: an ICMP error (or a TCP RST, if the rule says so) goes back, so the program knows at once.`;
  switch (effect) {
    case 'drop':
      return `The packet matches and is thrown away, without a word to the sender: the program will wait until it gives up.`;
    case 'accept':
      return `The packet matches and may pass this base chain. That ends no other one: the next base chain at this hook may still drop it.`;
    case 'return':
      return `So ${chain} has nothing to do: back to the chain that called it.`;
    default:
      return `The rule decides nothing: it only counts or remembers.`;
  }
}

/** The verdict stands in the element, not in the rule. */
function vmapSentence(scene: RuleScene): string {
  const { step } = scene;
  if (step.to !== undefined)
    return `The rule names no Service: the element that was just found does, and says ${step.effect} ${step.to}${leadsTo(scene)}.${comesBack(step.effect)}`;
  return `The element that was just found says ${step.effect}. ${decisionSentence(step)}`;
}

function onSentence(scene: RuleScene, { kind, chain }: Kind<'jump' | 'goto'>): string {
  const knows = scene.step.rule.statements.some((s) => s.kind === 'in-set' && s.key[0] === 'saddr');
  const again = knows ? 'This client was here before, so it goes to the same endpoint again. ' : '';
  return `${again}On to ${chain}${leadsTo(scene)}.${comesBack(kind)}`;
}

const comesBack = (effect: string): string =>
  effect === 'goto' ? ' A goto does not come back here, as a jump would.' : '';

function drawSentence({ slot }: StepOf<'nft-rule'>, slots: number): string {
  if (slots === 1) return 'There is only one endpoint, so chance has nothing to choose.';
  return `Chance drew slot ${(slot ?? 0) + 1} of ${slots} (nft counts from 0): one draw for all of them, where iptables asks rule after rule.`;
}

/** `, which leads to 10.244.1.2:8080 (web-1)`. */
function leadsTo({ step, ns, names }: RuleScene): string {
  const chain = ns.nftables?.find((t) => t.name === step.table)?.chains.get(step.to ?? '');
  const target = chain?.rules.map(targetOf).find((found) => found !== null);
  return target ? `, which leads to ${names.endpoint(target.ip, target.port)}` : '';
}

function markSentence({ markAfter }: StepOf<'nft-rule'>, { value, op }: Kind<'mark-set'>): string {
  const hex = `0x${value.toString(16)}`;
  if (op !== 'or') return `The mark is taken off: it is now 0x${markAfter.toString(16)}.`;
  return `The packet gets the mark ${hex}, a note that only this node sees: masquerading is for POSTROUTING, when the way out is known.`;
}

export function explainNftChainEnd(scene: Scene<StepOf<'nft-chain-end'>>): Told {
  const { step, here, ns } = scene;
  const evaluated = step.end - step.first;
  const base = {
    counts: `${evaluated} more ${evaluated === 1 ? 'rule' : 'rules'} evaluated, none decided`,
    evidence: [nftChainEvidence(ns, here, step)],
    checks: [`nft list chain ${step.family} ${step.table} ${step.chain}   # on ${here}`],
  };
  if (step.verdict === 'return')
    return {
      ...base,
      title: `${step.chain}: nothing for this packet`,
      sentence: `No rule of ${step.chain} decides about this packet: back to the chain that called it.`,
    };
  const sentence =
    step.verdict === 'drop'
      ? `No rule of ${step.chain} accepted the packet, and the chain's policy is drop: it is thrown away silently.`
      : `No rule of ${step.chain} decided, so its policy does: accept. That ends this base chain only, and the next one at this hook is asked all the same.`;
  return { ...base, title: `${step.chain}: policy ${step.verdict}`, sentence };
}

/** `slot 2 of 3`: what chance drew in a rule, for the sentence about the translation. */
export function slotText(rule: NftRule, slot: number | undefined): string | null {
  const slots = drawOf(rule);
  if (slots === null || slot === undefined) return null;
  return slots === 1 ? 'the only one' : `slot ${slot + 1} of ${slots}, drawn at random`;
}
