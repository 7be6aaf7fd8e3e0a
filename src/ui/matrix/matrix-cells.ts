/** The matrix as it is drawn: lines are workloads or single pods, and a cell sums up all pairs of its two lines. */
import { type Reach, type ReachEnd, UNKNOWN } from '../../sim/engine/reach.ts';

/** A row, and the column of the same name. */
export interface MatrixLine {
  /** The group that it stands for, or the one end. */
  readonly key: string;
  readonly label: string;
  /** `3 pods`; empty for one end. */
  readonly count: string;
  readonly group: string;
  /** How many ends its group has: one that has several can be folded. */
  readonly groupSize: number;
  readonly isFolded: boolean;
  /** Positions among the ends. */
  readonly members: readonly number[];
}

export interface MatrixChoice {
  /** Only pods of this namespace, and what belongs to none; null: all. */
  readonly namespace: string | null;
  /** Groups that are shown end by end. */
  readonly unfolded: ReadonlySet<string>;
}

export function linesOf(ends: readonly ReachEnd[], { namespace, unfolded }: MatrixChoice): readonly MatrixLine[] {
  const groups = new Map<string, number[]>();
  for (const [at, { group, namespace: of }] of ends.entries()) {
    if (namespace !== null && of !== '' && of !== namespace) continue;
    const members = groups.get(group);
    if (members) members.push(at);
    else groups.set(group, [at]);
  }
  return [...groups].flatMap(([group, members]): readonly MatrixLine[] => {
    const groupSize = members.length;
    if (groupSize > 1 && !unfolded.has(group)) {
      const label = shortName(group.slice(group.indexOf(' ') + 1));
      const what = group.includes(' ') ? 'pods' : '';
      return [{ key: group, label, count: `${groupSize} ${what}`.trim(), group, groupSize, isFolded: true, members }];
    }
    return members.map((at) => ({
      key: `${group} ${ends[at]?.name}`,
      label: shortName(ends[at]?.name ?? ''),
      count: '',
      group,
      groupSize,
      isFolded: false,
      members: [at],
    }));
  });
}

/** Groups with more than one end. */
export function foldable(ends: readonly ReachEnd[]): ReadonlySet<string> {
  const counts = new Map<string, number>();
  for (const { group } of ends) counts.set(group, (counts.get(group) ?? 0) + 1);
  return new Set([...counts].flatMap(([group, count]) => (count > 1 ? [group] : [])));
}

/** As the stage names pods: the first namespace goes without saying. */
const shortName = (name: string): string => name.replace(/^default\//, '');

export type CellState = 'allowed' | 'denied' | 'partly' | 'unknown' | 'unasked';

export const OPENED = 1;
export const CLOSED = 2;

export interface MatrixCells {
  readonly lines: readonly MatrixLine[];
  stateAt(row: number, column: number): CellState;
  /** Pairs and ports of a cell that may pass, of all that are asked about. */
  countAt(row: number, column: number): { readonly open: number; readonly asked: number };
  /** OPENED and CLOSED, as bits. */
  changeAt(row: number, column: number): number;
  /** The same for what staged policies would do. */
  stagedAt(row: number, column: number): number;
}

export interface CellSources {
  readonly now: Reach;
  /** With the staged policies on; null where none is staged. */
  readonly would: Reach | null;
  /** What it is compared with; null: with nothing. */
  readonly base: Reach | null;
}

export function cellsOf({ now, would, base }: CellSources, lines: readonly MatrixLine[]): MatrixCells {
  const width = lines.length;
  const open = new Uint32Array(width * width);
  const asked = new Uint32Array(width * width);
  const unknown = new Uint8Array(width * width);
  const changes = new Uint8Array(width * width);
  const staged = new Uint8Array(width * width);
  const size = now.ends.length;
  const lineOf = new Int32Array(size).fill(-1);
  for (const [line, { members }] of lines.entries()) for (const end of members) lineOf[end] = line;
  for (let source = 0; source < size; source++) {
    const row = lineOf[source] ?? -1;
    if (row < 0) continue;
    for (let destination = 0; destination < size; destination++) {
      const column = lineOf[destination] ?? -1;
      const pair = source * size + destination;
      if (column < 0 || (now.asked[pair] ?? 0) === 0) continue;
      const cell = row * width + column;
      const bits = now.allowed[pair] ?? 0;
      open[cell] = (open[cell] ?? 0) + countBits(bits);
      asked[cell] = (asked[cell] ?? 0) + now.ports.length;
      if (now.asked[pair] === UNKNOWN) unknown[cell] = 1;
      if (base) changes[cell] = (changes[cell] ?? 0) | changeOf(base.allowed[pair] ?? 0, bits);
      if (would) staged[cell] = (staged[cell] ?? 0) | changeOf(bits, would.allowed[pair] ?? 0);
    }
  }
  const at = (row: number, column: number): number => row * width + column;
  return {
    lines,
    stateAt: (row, column) =>
      stateOf(open[at(row, column)] ?? 0, asked[at(row, column)] ?? 0, unknown[at(row, column)] === 1),
    countAt: (row, column) => ({ open: open[at(row, column)] ?? 0, asked: asked[at(row, column)] ?? 0 }),
    changeAt: (row, column) => changes[at(row, column)] ?? 0,
    stagedAt: (row, column) => staged[at(row, column)] ?? 0,
  };
}

const stateOf = (open: number, asked: number, isUnknown: boolean): CellState => {
  if (asked === 0) return 'unasked';
  if (open === 0 && isUnknown) return 'unknown';
  return open === asked ? 'allowed' : open === 0 ? 'denied' : 'partly';
};

const changeOf = (before: number, after: number): number =>
  ((after & ~before) === 0 ? 0 : OPENED) | ((before & ~after) === 0 ? 0 : CLOSED);

/** Of at most 30 of them. */
function countBits(bits: number): number {
  let left = bits;
  let count = 0;
  for (; left !== 0; left &= left - 1) count++;
  return count;
}

/** Pairs of ends that gained a port, and that lost one. */
export function countChanges(before: Reach, after: Reach): { readonly opened: number; readonly closed: number } {
  let [opened, closed] = [0, 0];
  for (let pair = 0; pair < after.allowed.length; pair++) {
    const change = changeOf(before.allowed[pair] ?? 0, after.allowed[pair] ?? 0);
    if (change & OPENED) opened++;
    if (change & CLOSED) closed++;
  }
  return { opened, closed };
}

/** `12 pairs closed, 3 opened`; null where nothing did. */
export function changeWords({ opened, closed }: ReturnType<typeof countChanges>): string | null {
  if (opened === 0 && closed === 0) return null;
  const pairs = (count: number): string => `${count} ${count === 1 ? 'pair' : 'pairs'}`;
  if (closed === 0) return `${pairs(opened)} opened`;
  return opened === 0 ? `${pairs(closed)} closed` : `${pairs(closed)} closed, ${opened} opened`;
}

/** The pair that a cell is explained by: one that is closed where any is, on the first port for which it is. */
export function exampleOf(
  { ends, ports, allowed, asked }: Reach,
  from: MatrixLine,
  to: MatrixLine,
): { readonly source: number; readonly destination: number; readonly port: number } | null {
  let first: { source: number; destination: number; port: number } | null = null;
  for (const source of from.members)
    for (const destination of to.members) {
      const pair = source * ends.length + destination;
      if ((asked[pair] ?? 0) === 0) continue;
      first ??= { source, destination, port: 0 };
      const port = ports.findIndex((_, bit) => ((allowed[pair] ?? 0) & (1 << bit)) === 0);
      if (port >= 0) return { source, destination, port };
    }
  return first;
}
