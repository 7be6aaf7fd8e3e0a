/** One table walks its chain for one packet: rules in order, jumps with a return address, gotos without (net/ipv4/netfilter/ip_tables.c). */
import { tell } from '../kernel.ts';
import { ipOf } from '../skb.ts';
import type { RuleEffect } from '../step.ts';
import { UNTRACKED } from './conntrack.ts';
import type { Chain, HookName, RejectWith, Rule, Target } from './iptables/rule.ts';
import { type HookContext, ruleMatches } from './matches.ts';
import { masqueradeRequest, type NatRequest, setUpNat } from './nat.ts';

/** Chains within chains; the kernel refuses rule sets that nest deeper than its jump stack. */
export const CHAIN_DEPTH_MAX = 64;

export interface WalkVerdict {
  readonly accept: boolean;
  /** Set when a REJECT rule decided: the caller sends the answer. */
  readonly reject?: RejectWith;
  /** The rule, or the chain's policy, that dropped it. */
  readonly by?: { readonly chain: Chain; readonly rule: Rule | null };
  /** A nat rule decided the translation. */
  readonly translated?: boolean;
}

interface Frame {
  chain: Chain;
  index: number;
  /** First rule not yet told about. */
  first: number;
}

const ACCEPT: WalkVerdict = { accept: true };

export function walkTable(at: HookContext, hook: HookName): WalkVerdict {
  const base = at.table.chains.get(hook);
  if (!base) return ACCEPT;
  const packet = ipOf(at.skb);
  const stack: Frame[] = [{ chain: base, index: 0, first: 0 }];
  for (;;) {
    const frame = stack[stack.length - 1];
    if (!frame) return ACCEPT;
    const rule = frame.chain.rules[frame.index];
    if (!rule) {
      const end = leave(at, stack, frame, base);
      if (end) return end;
      continue;
    }
    frame.index += 1;
    if (!ruleMatches(rule, frame.chain, packet, at)) continue;
    const verdict = obey(at, rule, frame, stack);
    if (verdict) return verdict;
  }
}

/** The end of a chain: back to the caller, or the built-in chain's policy. */
function leave(at: HookContext, stack: Frame[], frame: Frame, base: Chain): WalkVerdict | undefined {
  stack.pop();
  const isBase = stack.length === 0;
  const verdict = isBase ? (base.policy ?? 'ACCEPT') : 'return';
  const end = frame.chain.rules.length;
  if (isBase || end > frame.first || end === 0)
    tell(at.k, at.ns, at.skb, {
      kind: 'chain-end',
      table: at.table.name,
      chain: isBase ? base.name : frame.chain.name,
      first: frame.first,
      end,
      verdict,
    });
  if (!isBase) return undefined;
  return verdict === 'DROP' ? { accept: false, by: { chain: base, rule: null } } : ACCEPT;
}

function obey(at: HookContext, rule: Rule, frame: Frame, stack: Frame[]): WalkVerdict | undefined {
  const { target } = rule;
  const outcome = target === null ? undefined : act(at, target);
  report(at, rule, frame, effectOf(target, outcome));
  if (target === null) return undefined;
  if (target.kind === 'jump' || target.kind === 'goto') {
    enter(at, target, stack);
    return undefined;
  }
  if (target.kind === 'RETURN') {
    stack.pop();
    return stack.length > 0 ? undefined : policyOf(frame.chain);
  }
  if (!outcome) return undefined;
  return outcome.accept ? outcome : { ...outcome, by: { chain: frame.chain, rule } };
}

function enter(at: HookContext, target: Extract<Target, { kind: 'jump' | 'goto' }>, stack: Frame[]): void {
  const chain = at.table.chains.get(target.chain);
  if (!chain) throw new Error(`Broken invariant: a rule names the missing chain ${target.chain}`);
  if (stack.length >= CHAIN_DEPTH_MAX) throw new Error(`Broken invariant: chains nest deeper than ${CHAIN_DEPTH_MAX}`);
  if (target.kind === 'goto' && stack.length > 1) stack.pop();
  stack.push({ chain, index: 0, first: 0 });
}

const policyOf = (chain: Chain): WalkVerdict =>
  chain.policy === 'DROP' ? { accept: false, by: { chain, rule: null } } : ACCEPT;

/** Targets that decide give a verdict; MARK and the like change the packet and go on. */
function act(at: HookContext, target: Target): WalkVerdict | undefined {
  const { skb } = at;
  switch (target.kind) {
    case 'ACCEPT':
      return ACCEPT;
    case 'DROP':
      return { accept: false };
    case 'REJECT':
      return { accept: false, reject: target.with };
    case 'NOTRACK':
      skb.ct = UNTRACKED;
      return undefined;
    case 'MARK':
      skb.mark = (((skb.mark & ~target.mask) >>> 0) ^ target.value) >>> 0;
      return undefined;
    case 'DNAT':
      return nat(
        at,
        target.port === undefined
          ? { manip: 'dst', to: target.to }
          : { manip: 'dst', to: target.to, port: target.port },
      );
    case 'SNAT':
      return nat(at, {
        manip: 'src',
        to: target.to,
        ...(target.port === undefined ? {} : { port: target.port }),
        randomPort: target.randomFully === true,
      });
    case 'MASQUERADE':
      return masquerade(at, target.randomFully === true);
    default:
      return undefined;
  }
}

function masquerade(at: HookContext, randomPort: boolean): WalkVerdict {
  const request = masqueradeRequest(at.ns, at.skb, at.oif, randomPort);
  return request ? nat(at, request) : { accept: false };
}

function nat(at: HookContext, request: NatRequest): WalkVerdict {
  const entry = at.skb.ct?.entry;
  if (!entry) return ACCEPT;
  return setUpNat(at.k, at.ns, entry, request) ? { accept: true, translated: true } : { accept: false };
}

function effectOf(target: Target | null, outcome: WalkVerdict | undefined): RuleEffect {
  if (target === null) return 'continue';
  if (target.kind === 'jump' || target.kind === 'goto') return target.kind;
  if (target.kind === 'RETURN') return 'return';
  if (!outcome) return 'continue';
  return outcome.accept ? 'accept' : 'drop';
}

function report(at: HookContext, rule: Rule, frame: Frame, effect: RuleEffect): void {
  const index = frame.index - 1;
  const { table, skb } = at;
  tell(at.k, at.ns, skb, {
    kind: 'rule',
    table: table.name,
    chain: frame.chain.name,
    index,
    first: frame.first,
    rule,
    effect,
    markAfter: skb.mark,
  });
  frame.first = frame.index;
}
