/** What one visit of a packet did with the lines of the tools: told by the steps, in the order in which the kernel went. */
import {
  NO_CONTEXT,
  nextContext,
  type RulesStep,
  setLookups,
  type VisitContext,
} from '../../sim/engine/set-lookups.ts';
import type { Hop, Trace } from '../../sim/engine/trace.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import { printElement } from '../../sim/linux/netfilter/nftables/print.ts';
import type { Step } from '../../sim/linux/step.ts';
import { type Artefact, headRow, ipsetKey, ruleKey, type XrayRow } from './artefact.ts';
import { addressKey, realServerKey, virtualServerKey } from './artefact-ipvs.ts';
import { nftElementKey, nftRuleKey } from './artefact-nft.ts';
import { lookupRow, runHead, runRow } from './xray-bpf.ts';

/** `found` and `missed` are lookups: one step, however many entries there are. */
export type Seen = 'matched' | 'evaluated' | 'found' | 'missed' | 'unreached';

export interface WalkedRow {
  readonly row: XrayRow;
  readonly seen: Seen;
  /** The step that went through it. */
  readonly step: number;
  /** What to say in place of what is said of rules: of a program, that it ran. */
  readonly word?: string;
  /** The part of the line that a lookup found. */
  readonly mark?: string;
}

/**
 * The visit whose rules are shown at a step: the one that the step belongs to, or, in a namespace without rules, the last one before
 * it in a namespace that has some, or else the first one after it.
 */
export function hopWithRules(trace: Trace, step: number, hasRules: (ns: string) => boolean): Hop | undefined {
  const packet = trace.steps[step]?.packet;
  const own = trace.hops.find((hop) => hop.packet === packet && hop.from <= step && step <= hop.to);
  if (own !== undefined && hasRules(own.ns)) return own;
  const others = trace.hops.filter(({ ns }) => hasRules(ns));
  return others.findLast((hop) => hop.to <= step) ?? others.find((hop) => hop.from > step) ?? own;
}

/** The steps of a visit, up to and with `upTo`. */
export function visitSteps(steps: readonly Step[], hop: Hop, upTo: number): readonly Step[] {
  return steps
    .slice(hop.from, Math.min(hop.to, upTo) + 1)
    .filter((step) => step.packet === hop.packet && step.ns === hop.ns);
}

/**
 * The lines that a visit went through, in the order in which the kernel did: under a head for each hook and table, those that were
 * evaluated without a match, then the one that matched; under a rule, what it looked up.
 */
export function walkedRows(visit: readonly Step[], artefact: Artefact, config: NetnsConfig): readonly WalkedRow[] {
  const walk: Walk = { artefact, config, rows: [], hook: '', head: '', lookups: [], context: NO_CONTEXT };
  for (const step of visit) {
    walk.context = nextContext(walk.context, step);
    walkStep(walk, step);
  }
  for (const { row } of walk.lookups) walk.rows.push(row);
  return walk.rows;
}

interface Walk {
  readonly artefact: Artefact;
  readonly config: NetnsConfig;
  readonly rows: WalkedRow[];
  hook: string;
  head: string;
  /** Lookups of rules that have not been told yet: nftables tells them first. */
  lookups: { readonly index: number; readonly row: WalkedRow }[];
  context: VisitContext;
}

function walkStep(walk: Walk, step: Step): void {
  switch (step.kind) {
    case 'hook':
      walk.hook = step.family === 'bridge' ? `${step.hook} (called by the bridge)` : step.hook;
      return;
    case 'rule':
    case 'chain-end': {
      const lookups = setLookups(step, walk.config, walk.context);
      walk.lookups = lookups.map(({ index, set, member, isIn }) => {
        const row = entryRow(walk, step, ipsetKey(set, member ?? ''), `${set}: ${member ?? 'no such header'}`, isIn);
        return { index, row };
      });
      const table = `${step.family === 6 ? 'ip6tables, ' : ''}table ${step.table}`;
      return walkRules(walk, step, table, (index) => ruleKey(step, step.chain, index));
    }
    case 'nft-rule':
    case 'nft-chain-end':
      return walkRules(walk, step, `nft table ${step.family} ${step.table}`, (index) =>
        nftRuleKey(step, step.chain, index),
      );
    case 'nft-lookup': {
      const text = `@${step.set}: ${step.element ? printElement(step.element) : step.key}`;
      const row = entryRow(walk, step, nftElementKey(step, step.set, step.key), text, step.element !== null);
      walk.lookups.push({ index: step.index, row });
      return;
    }
    case 'ipvs':
      return walkServers(walk, step);
    case 'bpf-run':
      enter(walk, step.i, runHead(step));
      walk.rows.push(runRow(step));
      return;
    case 'bpf-map':
      walk.rows.push(lookupRow(step));
      return;
    case 'route':
      if (step.decision === 'local' && step.route?.dev !== undefined) walkAddress(walk, step, step.route.dev);
      return;
    default:
  }
}

type NftRulesStep = Extract<Step, { kind: 'nft-rule' | 'nft-chain-end' }>;

function walkRules(walk: Walk, step: RulesStep | NftRulesStep, table: string, keyOf: (index: number) => string): void {
  const isRule = step.kind === 'rule' || step.kind === 'nft-rule';
  const end = isRule ? step.index : step.end - 1;
  if (end >= step.first) enter(walk, step.i, `${walk.hook}, ${table}`);
  for (let index = step.first; index <= end; index++) {
    const row = walk.artefact.byKey.get(keyOf(index));
    if (row === undefined) continue;
    const seen = isRule && index === step.index ? 'matched' : 'evaluated';
    walk.rows.push({ step: step.i, seen, row: { ...row, text: row.text.trim() } });
    for (const lookup of walk.lookups) if (lookup.index === index) walk.rows.push(lookup.row);
  }
  walk.lookups = [];
}

function enter(walk: Walk, step: number, place: string): void {
  if (walk.head === place) return;
  walk.rows.push({ step, seen: 'unreached', row: headRow(place) });
  walk.head = place;
}

/** A lookup as a line of its own. It keeps the name of the entry, so that the whole listing can show it too. */
function entryRow(walk: Walk, step: Step, key: string, text: string, isFound: boolean): WalkedRow {
  const listed = walk.artefact.byKey.get(key);
  const deletion = listed?.deletions?.[listed.keys.indexOf(key)];
  return {
    step: step.i,
    seen: isFound ? 'found' : 'missed',
    row: { text: `    ${text}`, kind: 'entry', keys: listed ? [key] : [], ...(deletion && { deletions: [deletion] }) },
  };
}

function walkServers(walk: Walk, step: Extract<Step, { kind: 'ipvs' }>): void {
  const { virtual, server } = step;
  enter(walk, step.i, `${walk.hook}, IPVS${step.by === 'connection' ? ' (a connection that it knows)' : ''}`);
  for (const key of [virtualServerKey(virtual.proto, virtual), realServerKey(virtual.proto, virtual, server)]) {
    const row = walk.artefact.byKey.get(key);
    if (row) walk.rows.push({ step: step.i, seen: 'found', row });
  }
}

function walkAddress(walk: Walk, step: Extract<Step, { kind: 'route' }>, dev: string): void {
  const row = walk.artefact.byKey.get(addressKey(dev, step.dst));
  if (!row) return;
  enter(walk, step.i, 'Routing: an address of this machine');
  walk.rows.push({ step: step.i, seen: 'found', row });
}

const WEIGHT: Readonly<Record<Seen, number>> = { matched: 4, found: 3, missed: 2, evaluated: 1, unreached: 0 };

/** Every line of the listing, with the most that the visit did with it. */
export function allRows({ rows, byKey }: Artefact, walked: readonly WalkedRow[], step: number): readonly WalkedRow[] {
  const best = new Map<XrayRow, WalkedRow>();
  for (const each of walked)
    for (const key of each.row.keys) {
      const row = byKey.get(key);
      if (!row) continue;
      const before = best.get(row);
      if (before && WEIGHT[before.seen] >= WEIGHT[each.seen]) continue;
      const { seen, word } = each;
      best.set(row, {
        row,
        seen,
        step: each.step,
        ...(word && { word }),
        ...(seen === 'found' && { mark: markOf(key, row) }),
      });
    }
  return rows.map((row) => best.get(row) ?? { row, seen: 'unreached', step });
}

/** Where one line holds several elements, the one that was found. */
const markOf = (key: string, row: XrayRow): string =>
  row.keys.length > 1 ? (key.split(' ').at(-1) ?? '') : row.text.trim();
