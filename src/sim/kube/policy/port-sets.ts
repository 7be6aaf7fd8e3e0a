/**
 * Sets of (protocol, destination port), each kept once: equal sets have equal numbers, and what two of them make is worked out once.
 * All protocols lie on one line, 65,536 apart; behind them one more point stands for every protocol without ports.
 */
import type { Protocol } from '../policy-objects.ts';

/** `OTHER`: ICMP and whatever else has no ports. Only rules without ports can speak of it. */
export type PolicyProtocol = Protocol | 'OTHER';

/** The number of a set; `EMPTY` and `EVERYTHING` are the same in every table. */
export type PortSetId = number;

export interface Interval {
  readonly protocol: Protocol;
  readonly from: number;
  readonly to: number;
}

export const EMPTY: PortSetId = 0;
export const EVERYTHING: PortSetId = 1;
export const PORT_MAX = 65_535;
const STRIDE = 65_536;
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
/** One apart from the last port of SCTP, so that the two never melt into one interval. */
const OTHER_POINT = PROTOCOLS.length * STRIDE + 1;

/** Sorted, apart: from, to, from, to ... */
type Line = readonly number[];

const pointOf = (protocol: PolicyProtocol, port: number): number =>
  protocol === 'OTHER' ? OTHER_POINT : PROTOCOLS.indexOf(protocol) * STRIDE + port;

const allOf = (protocol: Protocol): Line => [pointOf(protocol, 1), pointOf(protocol, PORT_MAX)];

/** Sets of operands stay far below this. */
const SETS_MAX = 2 ** 26;

export class PortSets {
  readonly #lines: Line[] = [];
  readonly #ids = new Map<string, PortSetId>();
  readonly #unions = new Map<number, PortSetId>();
  readonly #cuts = new Map<number, PortSetId>();

  constructor() {
    this.#intern([]);
    this.#intern([...PROTOCOLS.flatMap(allOf), OTHER_POINT, OTHER_POINT]);
  }

  get size(): number {
    return this.#lines.length;
  }

  of(intervals: readonly Interval[]): PortSetId {
    let set = EMPTY;
    for (const { protocol, from, to } of intervals)
      if (from <= to)
        set = this.union(set, this.#intern([pointOf(protocol, from), pointOf(protocol, Math.min(to, PORT_MAX))]));
    return set;
  }

  has(set: PortSetId, protocol: PolicyProtocol, port: number): boolean {
    const point = pointOf(protocol, port);
    const line = this.#line(set);
    for (let i = 0; i < line.length; i += 2) if (at(line, i) <= point && point <= at(line, i + 1)) return true;
    return false;
  }

  union(a: PortSetId, b: PortSetId): PortSetId {
    if (a === b || b === EMPTY || a === EVERYTHING) return a;
    if (a === EMPTY || b === EVERYTHING) return b;
    const key = a < b ? a * SETS_MAX + b : b * SETS_MAX + a;
    const known = this.#unions.get(key);
    if (known !== undefined) return known;
    const made = this.#intern(mergeLines(this.#line(a), this.#line(b)));
    this.#unions.set(key, made);
    return made;
  }

  /** What is in `a` and not in `b`. */
  minus(a: PortSetId, b: PortSetId): PortSetId {
    if (a === b || a === EMPTY || b === EVERYTHING) return EMPTY;
    if (b === EMPTY) return a;
    const key = a * SETS_MAX + b;
    const known = this.#cuts.get(key);
    if (known !== undefined) return known;
    const made = this.#intern(cutLine(this.#line(a), this.#line(b)));
    this.#cuts.set(key, made);
    return made;
  }

  both(a: PortSetId, b: PortSetId): PortSetId {
    return a === EVERYTHING ? b : b === EVERYTHING ? a : this.minus(a, this.minus(a, b));
  }

  /** Without what has no ports. */
  intervals(set: PortSetId): readonly Interval[] {
    const line = this.#line(set);
    const found: Interval[] = [];
    for (let i = 0; i < line.length; i += 2) {
      const protocol = PROTOCOLS[Math.floor(at(line, i) / STRIDE)];
      if (protocol) found.push({ protocol, from: at(line, i) % STRIDE, to: at(line, i + 1) % STRIDE });
    }
    return found;
  }

  #line(set: PortSetId): Line {
    return this.#lines[set] ?? [];
  }

  #intern(line: Line): PortSetId {
    const key = line.join();
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#lines.length);
    return this.#lines.push(line) - 1;
  }
}

const at = (line: Line, i: number): number => line[i] ?? 0;

function mergeLines(a: Line, b: Line): Line {
  const merged: number[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const takesA = j >= b.length || (i < a.length && at(a, i) <= at(b, j));
    const [from, to] = takesA ? [at(a, i), at(a, i + 1)] : [at(b, j), at(b, j + 1)];
    if (takesA) i += 2;
    else j += 2;
    const last = merged.length - 1;
    // Ports of two protocols never touch: between them lies the port 0 that no packet has.
    if (last > 0 && from <= at(merged, last) + 1) merged[last] = Math.max(at(merged, last), to);
    else merged.push(from, to);
  }
  return merged;
}

function cutLine(line: Line, by: Line): Line {
  const left: number[] = [];
  for (let i = 0; i < line.length; i += 2) {
    let from = at(line, i);
    const to = at(line, i + 1);
    for (let j = 0; j < by.length && from <= to; j += 2) {
      if (at(by, j + 1) < from) continue;
      if (at(by, j) > to) break;
      if (at(by, j) > from) left.push(from, at(by, j) - 1);
      from = at(by, j + 1) + 1;
    }
    if (from <= to) left.push(from, to);
  }
  return left;
}
