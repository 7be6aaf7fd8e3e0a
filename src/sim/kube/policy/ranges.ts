/** The whole of both address families, cut at the ends of every network that a policy names: no policy tells two addresses of one cell apart. */
import { type Cidr, familyOf, type Ip, ipToInt } from '../../wire/ip.ts';

export interface Range {
  readonly family: 4 | 6;
  readonly from: bigint;
  readonly to: bigint;
}

const LAST: Readonly<Record<4 | 6, bigint>> = { 4: 2n ** 32n - 1n, 6: 2n ** 128n - 1n };

export const addressNumber = (ip: Ip): bigint => (familyOf(ip) === 4 ? BigInt(ipToInt(ip)) : sixNumber(ip));

/** Canonical IPv6 text: at most one `::`. */
function sixNumber(ip: string): bigint {
  const [head = '', tail] = ip.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return all.reduce((number, group) => number * 65_536n + BigInt(`0x${group}`), 0n);
}

export function rangeOf(net: Cidr): Range {
  const from = addressNumber(net.base);
  const bits = BigInt((net.family === 4 ? 32 : 128) - net.prefix);
  return { family: net.family, from, to: from + 2n ** bits - 1n };
}

const isInside = (inner: Range, outer: Range): boolean =>
  inner.family === outer.family && outer.from <= inner.from && inner.to <= outer.to;

export class RangeCells {
  /** IPv4 first, each family in ascending order. */
  readonly cells: readonly Range[];

  constructor(nets: readonly Cidr[]) {
    const ranges = nets.map(rangeOf);
    this.cells = ([4, 6] as const).flatMap((family) => cellsOf(family, ranges));
  }

  /** The position of the cell that an address lies in. */
  cellOf(ip: Ip): number {
    const family = familyOf(ip);
    const number = addressNumber(ip);
    let [low, high] = [0, this.cells.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const cell = this.cells[middle];
      const isBefore = cell && (cell.family < family || (cell.family === family && cell.from <= number));
      if (isBefore) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Positions of the cells of a network without its exceptions. */
  within(net: Cidr, except: readonly Cidr[]): readonly number[] {
    const whole = rangeOf(net);
    const holes = except.map(rangeOf);
    return this.cells.flatMap((cell, at) =>
      isInside(cell, whole) && !holes.some((hole) => isInside(cell, hole)) ? [at] : [],
    );
  }
}

function cellsOf(family: 4 | 6, ranges: readonly Range[]): readonly Range[] {
  const starts = new Set<bigint>([0n]);
  for (const range of ranges) {
    if (range.family !== family) continue;
    starts.add(range.from);
    if (range.to < LAST[family]) starts.add(range.to + 1n);
  }
  const sorted = [...starts].sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((from, at) => ({ family, from, to: (sorted[at + 1] ?? LAST[family] + 1n) - 1n }));
}
