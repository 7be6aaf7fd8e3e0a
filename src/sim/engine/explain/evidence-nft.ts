/** Proof from nftables: a window of `nft list`, around the rule or the element that decided. */
import type { NetnsConfig } from '../../linux/config.ts';
import { printChain, printElement, printSet } from '../../linux/netfilter/nftables/print.ts';
import type { NftElement, NftSet, NftTable } from '../../linux/netfilter/nftables/ruleset.ts';
import type { Origin } from '../../linux/origin.ts';
import { linesEvidence } from './evidence.ts';
import type { Evidence } from './explanation.ts';
import type { StepOf } from './scene.ts';

interface Place {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
}

const tableOf = (ns: NetnsConfig, { family, table }: Place): NftTable | undefined =>
  ns.nftables?.find((candidate) => candidate.name === table && candidate.family === family);

/** What `nft list` puts around one object. */
const wrapped = ({ family, table }: Place, lines: readonly string[]): string[] => [
  `table ${family} ${table} {`,
  ...lines,
  '}',
];

export function nftRuleEvidence(ns: NetnsConfig, here: string, step: StepOf<'nft-rule'>): Evidence {
  const { lines, head } = chainLines(ns, step);
  const at = head + step.index;
  const clipped = lines.map((line, i) => clip(line, i === at ? step.slot : undefined));
  return listing(here, step, clipped, lines.length > at ? at : null, step.rule.origin);
}

/** The policy line of a base chain; the name of any other chain. */
export function nftChainEvidence(ns: NetnsConfig, here: string, step: StepOf<'nft-chain-end'>): Evidence {
  const { lines } = chainLines(ns, step);
  const policy = lines.findIndex((line) => line.includes(' policy '));
  return listing(
    here,
    step,
    lines.map((line) => clip(line)),
    policy < 0 ? 1 : policy,
  );
}

/** `head`: the line of the chain's first rule. */
function chainLines(ns: NetnsConfig, place: Place): { readonly lines: string[]; readonly head: number } {
  const table = tableOf(ns, place);
  const chain = table?.chains.get(place.chain);
  if (!table || !chain) return { lines: wrapped(place, [`\tchain ${place.chain} {`, '\t}']), head: 2 };
  const head = 2 + (chain.comment === undefined ? 0 : 1) + (chain.base ? 1 : 0);
  return { lines: wrapped(place, printChain(table.family, chain)), head };
}

function listing(
  here: string,
  { family, table, chain }: Place,
  lines: readonly string[],
  index: number | null,
  origin?: Origin,
): Evidence {
  const title = `Table ${table} of nftables, chain ${chain} on ${here}`;
  return linesEvidence(title, `nft list chain ${family} ${table} ${chain}`, lines, index, origin);
}

/** Longer lines are cut around what matters in them. */
const LINE_MAX = 360;
const CUT_BEFORE = 120;

/** A draw among many endpoints is one long line: the slot that was drawn stays in view. */
function clip(line: string, slot?: number): string {
  if (line.length <= LINE_MAX) return line;
  const at = slot === undefined ? 0 : Math.max(0, line.search(new RegExp(`[{,] ${slot} : `)));
  const head = line.slice(0, CUT_BEFORE);
  if (at <= CUT_BEFORE) return `${line.slice(0, LINE_MAX)} …`;
  return `${head} … ${line.slice(at + 2, at + 2 + LINE_MAX - CUT_BEFORE)} …`;
}

const keptLines = new WeakMap<NftSet, readonly string[]>();

function setLines(set: NftSet): readonly string[] {
  const known = keptLines.get(set);
  if (known) return known;
  const lines = printSet(set).flatMap((line) => line.split('\n'));
  keptLines.set(set, lines);
  return lines;
}

/** The element in its set or map; a miss shows how the set begins. What packets taught a set is not in its configuration. */
export function nftSetEvidence(ns: NetnsConfig, here: string, step: StepOf<'nft-lookup'>): Evidence[] {
  const written = tableOf(ns, step)?.sets.get(step.set);
  if (!written) return [];
  const { element } = step;
  const isLearned = element !== null && !written.elements.has(element.key);
  const set = isLearned ? { ...written, elements: new Map([[element.key, element]]) } : written;
  const lines = wrapped(step, setLines(set));
  const at = element === null ? -1 : lines.findIndex((line) => holds(line, element));
  const command = `nft${isLearned ? ' -s' : ''} list ${set.kind} ${step.family} ${step.table} ${step.set}`;
  const title = `${set.kind === 'map' ? 'Map' : 'Set'} ${step.set} of nftables on ${here}`;
  return [linesEvidence(title, command, lines, at < 0 ? null : at, element?.origin)];
}

function holds(line: string, element: NftElement): boolean {
  const own = line
    .replace(/^\s*(elements = \{ )?/, '')
    .replace(/( \}|,)$/, '')
    .split(', ');
  return own.includes(printElement(element));
}
