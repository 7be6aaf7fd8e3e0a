/** One table walks its chain for one packet: rules in order, jumps with a return address, gotos without (net/ipv4/netfilter/ip_tables.c). */
import { familyOf, type Ip } from '../../wire/ip.ts';
import { tell } from '../kernel.ts';
import { ipOf } from '../skb.ts';
import type { RuleEffect } from '../step.ts';
import { candidates } from './chain-index.ts';
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
  readonly chain: Chain;
  /** Indices of the rules that could match, or null for all. */
  readonly order: readonly number[] | null;
  /** Position in `order`, or in the chain: of the next rule to try. */
  next: number;
  /** First rule not yet told about. */
  first: number;
}

const open = (chain: Chain, dst: Ip): Frame => ({ chain, order: candidates(chain, dst), next: 0, first: 0 });

const ACCEPT: WalkVerdict = { accept: true };

export function walkTable(at: HookContext, hook: HookName): WalkVerdict {
  const base = at.table.chains.get(hook);
  if (!base) return ACCEPT;
  const packet = ipOf(at.skb);
  const stack: Frame[] = [open(base, packet.dst)];
  for (;;) {
    const frame = stack[stack.length - 1];
    if (!frame) return ACCEPT;
    const index = frame.order ? frame.order[frame.next] : frame.next;
    const rule = index === undefined ? undefined : frame.chain.rules[index];
    if (index === undefined || !rule) {
      const end = leave(at, stack, frame, base);
      if (end) return end;
      continue;
    }
    frame.next += 1;
    if (!ruleMatches(rule, frame.chain, packet, at)) continue;
    const verdict = obey(at, rule, index, frame, stack);
    if (verdict) return verdict;
  }
}

const familyPart = ({ skb }: HookContext): { readonly family?: 6 } =>
  familyOf(ipOf(skb).dst) === 6 ? { family: 6 } : {};

/** A goto or RETURN in a built-in chain leads straight to its policy. */
function skipToPolicy(frame: Frame): void {
  frame.next = frame.chain.rules.length;
  frame.first = frame.chain.rules.length;
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
      ...familyPart(at),
      table: at.table.name,
      chain: isBase ? base.name : frame.chain.name,
      first: frame.first,
      end,
      verdict,
    });
  if (!isBase) return undefined;
  return verdict === 'DROP' ? { accept: false, by: { chain: base, rule: null } } : ACCEPT;
}

function obey(at: HookContext, rule: Rule, index: number, frame: Frame, stack: Frame[]): WalkVerdict | undefined {
  const { target } = rule;
  const outcome = target === null ? undefined : act(at, target);
  report(at, rule, index, frame, effectOf(target, outcome));
  if (target === null) return undefined;
  if (target.kind === 'jump' || target.kind === 'goto') {
    enter(at, target, stack);
    return undefined;
  }
  if (target.kind === 'RETURN') {
    if (stack.length > 1) stack.pop();
    else skipToPolicy(frame);
    return undefined;
  }
  if (!outcome) return undefined;
  return outcome.accept ? outcome : { ...outcome, by: { chain: frame.chain, rule } };
}

function enter(at: HookContext, target: Extract<Target, { kind: 'jump' | 'goto' }>, stack: Frame[]): void {
  const chain = at.table.chains.get(target.chain);
  if (!chain) throw new Error(`Broken invariant: a rule names the missing chain ${target.chain}`);
  if (stack.length >= CHAIN_DEPTH_MAX) throw new Error(`Broken invariant: chains nest deeper than ${CHAIN_DEPTH_MAX}`);
  const from = stack[stack.length - 1];
  if (target.kind === 'goto' && stack.length > 1) stack.pop();
  else if (target.kind === 'goto' && from) skipToPolicy(from);
  stack.push(open(chain, ipOf(at.skb).dst));
}

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
    case 'NFLOG':
      return undefined;
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

function report(at: HookContext, rule: Rule, index: number, frame: Frame, effect: RuleEffect): void {
  const { table, skb } = at;
  tell(at.k, at.ns, skb, {
    kind: 'rule',
    ...familyPart(at),
    table: table.name,
    chain: frame.chain.name,
    index,
    first: frame.first,
    rule,
    effect,
    markAfter: skb.mark,
  });
  frame.first = index + 1;
}
