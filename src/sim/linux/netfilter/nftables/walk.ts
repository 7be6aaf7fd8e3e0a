/** One base chain looks at one packet: `nft_do_chain` (net/netfilter/nf_tables_core.c). */
import type { IpPacket } from '../../../wire/frame.ts';
import { familyOf } from '../../../wire/ip.ts';
import { ipOf } from '../../skb.ts';
import type { RejectWith } from '../iptables/rule.ts';
import { masqueradeRequest, type NatRequest, setUpNat } from '../nat.ts';
import { remember } from './dynamic-sets.ts';
import type { NftEffect } from './events.ts';
import { isOf, learnedName, lookUp, matchHolds, type NftContext, packetKey, setOf } from './match.ts';
import { endpointsOf, endpointText } from './numgen.ts';
import type { NftChain, NftDecision, NftRule, NftStatement, NftTable, NftVerdict } from './ruleset.ts';

/** `NFT_JUMP_STACK_SIZE`; the kernel refuses tables that nest deeper. */
export const JUMPS_MAX = 16;

export interface NftWalk {
  readonly accept: boolean;
  /** Set when a reject statement decided: the caller sends the answer. */
  readonly reject?: RejectWith;
  /** The rule, or the base chain's policy, that dropped it. */
  readonly by?: { readonly chain: NftChain; readonly rule: NftRule | null };
  /** A rule decided the translation. */
  readonly translated?: boolean;
}

const ACCEPT: NftWalk = { accept: true };

interface Frame {
  chain: NftChain;
  index: number;
  /** First rule not yet told about. */
  first: number;
}

/** What a rule came to. `break`: a part did not hold, the next rule is asked. */
type Outcome =
  | { readonly kind: 'break' | 'continue' | 'return'; readonly slot?: number }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string; readonly slot?: number }
  | { readonly kind: 'end'; readonly walk: NftWalk; readonly slot?: number };

const BREAK: Outcome = { kind: 'break' };
const CONTINUE: Outcome = { kind: 'continue' };

/** Every base chain is asked for itself: what one accepts, the next may still drop. */
export function walkBaseChain(at: NftContext, base: NftChain): NftWalk {
  const packet = ipOf(at.skb);
  const root: Frame = { chain: base, index: 0, first: 0 };
  const stack = [root];
  for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
    const rule = frame.chain.rules[frame.index];
    if (!rule) {
      stack.pop();
      if (frame !== root) tellReturn(at, frame);
      continue;
    }
    const outcome = run(at, rule, frame, packet);
    frame.index += 1;
    if (outcome.kind === 'break') continue;
    report(at, rule, frame, outcome);
    if (outcome.kind === 'end') {
      const { walk } = outcome;
      return walk.accept ? walk : { ...walk, by: { chain: frame.chain, rule } };
    }
    if (outcome.kind === 'return') stack.pop();
    else if (outcome.kind === 'jump' || outcome.kind === 'goto') enter(at.table, outcome, stack);
  }
  return obeyPolicy(at, root);
}

/** The end of a chain: back to where it was jumped to from. Nothing is said when its last rule was told. */
function tellReturn(at: NftContext, { chain, first }: Frame): void {
  const { family, name: table } = at.table;
  const end = chain.rules.length;
  if (end > first || end === 0)
    at.tell({ kind: 'nft-chain-end', family, table, chain: chain.name, first, end, verdict: 'return' });
}

/** A walk that ends without a decision ends with the policy of its base chain, of which `index` rules were evaluated. */
function obeyPolicy(at: NftContext, { chain, first, index: end }: Frame): NftWalk {
  const verdict = chain.base?.policy ?? 'accept';
  const { family, name: table } = at.table;
  at.tell({ kind: 'nft-chain-end', family, table, chain: chain.name, first, end, verdict });
  return verdict === 'drop' ? { accept: false, by: { chain, rule: null } } : ACCEPT;
}

/** A goto leaves no way back to its chain; at the end of what it leads to, the walk goes on where that chain was jumped to from. */
function enter(table: NftTable, { kind, chain: name }: Extract<Outcome, { chain: string }>, stack: Frame[]): void {
  const chain = table.chains.get(name);
  if (!chain) throw new Error(`Broken invariant: a rule names the missing chain ${name}`);
  if (kind === 'goto') stack.pop();
  stack.push({ chain, index: 0, first: 0 });
  if (stack.length > JUMPS_MAX + 1) throw new Error(`Broken invariant: chains nest deeper than ${JUMPS_MAX}`);
}

function report(at: NftContext, rule: NftRule, frame: Frame, outcome: Outcome): void {
  const { family, name: table } = at.table;
  const slot = 'slot' in outcome ? outcome.slot : undefined;
  at.tell({
    kind: 'nft-rule',
    family,
    table,
    chain: frame.chain.name,
    index: frame.index - 1,
    first: frame.first,
    rule,
    effect: effectOf(outcome),
    ...('chain' in outcome ? { to: outcome.chain } : {}),
    ...(slot === undefined ? {} : { slot }),
    markAfter: at.skb.mark,
  });
  frame.first = frame.index;
}

function effectOf(outcome: Outcome): NftEffect {
  if (outcome.kind === 'end') return outcome.walk.accept ? 'accept' : 'drop';
  return outcome.kind === 'break' ? 'continue' : outcome.kind;
}

function run(at: NftContext, rule: NftRule, frame: Frame, packet: IpPacket): Outcome {
  for (const statement of rule.statements) {
    const outcome = obey(at, statement, frame, packet);
    if (outcome.kind !== 'continue') return outcome;
  }
  return CONTINUE;
}

function obey(at: NftContext, s: NftStatement, frame: Frame, packet: IpPacket): Outcome {
  switch (s.kind) {
    case 'mark-set':
      at.skb.mark = changeMark(at.skb.mark, s.op, s.value);
      return CONTINUE;
    case 'update': {
      if (!isOf(packet, s.of)) return BREAK;
      const key = s.side === 'saddr' ? packet.src : packet.dst;
      const isKept = remember(at.learned, learnedName(at.table, s.set), setOf(at.table, s.set), key, at.k.nowNs);
      return isKept ? CONTINUE : BREAK;
    }
    case 'dnat':
      if (familyOf(s.to) !== familyOf(packet.dst)) return BREAK;
      return translate(
        at,
        s.port === undefined ? { manip: 'dst', to: s.to } : { manip: 'dst', to: s.to, port: s.port },
      );
    case 'dnat-numgen': {
      const slot = at.numgen(s.slots.map(({ ip, port }) => endpointText(ip, port)));
      const chosen = s.slots[slot];
      return chosen ? { ...translate(at, { manip: 'dst', to: chosen.ip, port: chosen.port }), slot } : BREAK;
    }
    case 'masquerade': {
      const request = masqueradeRequest(at.ns, at.skb, at.oif, s.fullyRandom === true);
      return request ? translate(at, request) : { kind: 'end', walk: { accept: false } };
    }
    case 'reject':
    case 'vmap':
    case 'numgen-vmap':
    case 'jump':
    case 'goto':
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return decide(at, s, frame, packet);
    default:
      return matchHolds(s, packet, at, { chain: frame.chain.name, index: frame.index }) ? CONTINUE : BREAK;
  }
}

function changeMark(mark: number, op: 'or' | 'xor' | 'and', value: number): number {
  if (op === 'or') return (mark | value) >>> 0;
  return (op === 'xor' ? mark ^ value : mark & value) >>> 0;
}

function decide(at: NftContext, s: NftDecision, frame: Frame, packet: IpPacket): Outcome {
  if (s.kind === 'reject') return { kind: 'end', walk: { accept: false, reject: s.with } };
  if (s.kind === 'vmap') {
    const key = packetKey(s, packet);
    const place = { chain: frame.chain.name, index: frame.index };
    const verdict = key === undefined ? undefined : lookUp(s.map, key, at, place)?.verdict;
    return verdict ? outcomeOf(verdict) : BREAK;
  }
  if (s.kind === 'numgen-vmap') {
    const slot = at.numgen(endpointsOf(at.table, s.slots));
    const verdict = s.slots[slot];
    return verdict ? { ...outcomeOf(verdict), slot } : BREAK;
  }
  return outcomeOf(s);
}

function outcomeOf(verdict: NftVerdict): Outcome {
  if ('chain' in verdict) return { kind: verdict.kind, chain: verdict.chain };
  if (verdict.kind === 'accept') return { kind: 'end', walk: ACCEPT };
  if (verdict.kind === 'drop') return { kind: 'end', walk: { accept: false } };
  return { kind: verdict.kind };
}

/** A nat statement ends the chain (`nf_nat_setup_info`). Without an entry there is nothing to translate. */
function translate(at: NftContext, request: NatRequest): Extract<Outcome, { kind: 'end' }> {
  const entry = at.skb.ct?.entry;
  if (!entry) return { kind: 'end', walk: ACCEPT };
  const isSet = setUpNat(at.k, at.ns, entry, request);
  return { kind: 'end', walk: isSet ? { accept: true, translated: true } : { accept: false } };
}
