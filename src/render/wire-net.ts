/**
 * The wires as a graph: what is drawn as a line is what a packet travels along, so a packet cannot leave its wire. Most wires inside
 * a kernel have a direction; against it costs so much that it is the last resort.
 */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export type PointId = string;

/** `tunnelled`: part of the path that encapsulated packets take; `unseen`: inside a box, or drawn only under a trail. */
export type WireKind = 'veth' | 'lane' | 'underlay' | 'unseen';

export interface Wire {
  readonly a: PointId;
  readonly b: PointId;
  readonly kind: WireKind;
}

interface Link {
  readonly to: PointId;
  readonly cost: number;
}

const AGAINST = 50;

export class WireNet {
  readonly points = new Map<PointId, Point>();
  readonly wires: Wire[] = [];
  private readonly links = new Map<PointId, Link[]>();
  private readonly found = new Map<string, readonly PointId[]>();

  add(id: PointId, x: number, y: number): PointId {
    this.points.set(id, { x, y });
    return id;
  }

  /** Joins points in a row, both ways. */
  join(kind: WireKind, ...ids: PointId[]): void {
    this.chain(kind, ids, 1);
  }

  /** Joins points in a row, in this direction. */
  lead(kind: WireKind, ...ids: PointId[]): void {
    this.chain(kind, ids, AGAINST);
  }

  private chain(kind: WireKind, ids: readonly PointId[], back: number): void {
    for (let i = 1; i < ids.length; i++) {
      const [a, b] = [ids[i - 1], ids[i]];
      if (a === undefined || b === undefined) continue;
      const cost = this.distance(a, b);
      this.wires.push({ a, b, kind });
      this.link(a, { to: b, cost });
      this.link(b, { to: a, cost: cost * back });
    }
  }

  private link(from: PointId, link: Link): void {
    const links = this.links.get(from);
    if (links) links.push(link);
    else this.links.set(from, [link]);
  }

  at(id: PointId): Point {
    const point = this.points.get(id);
    if (!point) throw new Error(`Broken invariant: there is no point ${id} in the picture`);
    return point;
  }

  private distance(a: PointId, b: PointId): number {
    const [p, q] = [this.at(a), this.at(b)];
    return Math.abs(p.x - q.x) + Math.abs(p.y - q.y) + 0.01;
  }

  /** The cheapest way from one point to another, both included; the two points alone when no wire joins them. */
  way(from: PointId, to: PointId): readonly PointId[] {
    const key = `${from}>${to}`;
    const known = this.found.get(key);
    if (known) return known;
    const way = from === to ? [from] : this.search(from, to);
    this.found.set(key, way);
    return way;
  }

  private search(from: PointId, to: PointId): readonly PointId[] {
    const best = new Map<PointId, number>([[from, 0]]);
    const previous = new Map<PointId, PointId>();
    const queue = new CostQueue();
    queue.push(from, 0);
    for (let here = queue.pop(); here !== undefined; here = queue.pop()) {
      if (here.id === to) return unwind(previous, from, to);
      if (here.cost > (best.get(here.id) ?? Number.POSITIVE_INFINITY)) continue;
      for (const { to: next, cost } of this.links.get(here.id) ?? []) {
        const total = here.cost + cost;
        if (total >= (best.get(next) ?? Number.POSITIVE_INFINITY)) continue;
        best.set(next, total);
        previous.set(next, here.id);
        queue.push(next, total);
      }
    }
    return [from, to];
  }
}

function unwind(previous: ReadonlyMap<PointId, PointId>, from: PointId, to: PointId): readonly PointId[] {
  const way = [to];
  for (let id = to; id !== from; ) {
    const before = previous.get(id);
    if (before === undefined) break;
    way.push(before);
    id = before;
  }
  return way.reverse();
}

interface Waiting {
  readonly id: PointId;
  readonly cost: number;
}

/** A binary heap, smallest cost first. */
class CostQueue {
  private readonly heap: Waiting[] = [];

  push(id: PointId, cost: number): void {
    const { heap } = this;
    let at = heap.length;
    heap.push({ id, cost });
    while (at > 0) {
      const up = (at - 1) >> 1;
      if ((heap[up]?.cost ?? 0) <= cost) break;
      heap[at] = heap[up] as Waiting;
      at = up;
    }
    heap[at] = { id, cost };
  }

  pop(): Waiting | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1]?.cost ?? 0) < (heap[child]?.cost ?? 0)) child++;
      if ((heap[child]?.cost ?? 0) >= last.cost) break;
      heap[at] = heap[child] as Waiting;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
