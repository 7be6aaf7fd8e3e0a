/** Where the packet's words stand: beside it, where they cover least of what matters. */
import type { Rect } from './plot.ts';
import type { Point } from './wire-net.ts';

/** What words should rather not cover, and how much that matters. */
export interface Obstacle {
  readonly rect: Rect;
  readonly weight: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Surroundings {
  /** The packet. */
  readonly at: Point;
  readonly room: Rect;
  readonly avoid: readonly Obstacle[];
}

/** From the packet to its words. */
const AWAY = 26;
/** The words stay within reach of their packet, on a grid of places. */
const REACH = 260;
const PITCH = 24;
const COST_PER_PX_AWAY = 9;
/** A long line to the words is worse than several short ones. */
const COST_PER_SQUARE_AWAY = 0.06;
const COST_PER_PX_CUT = 20;
/** Words rather stand at the right of what they are about. */
const COST_LEFT = 150;

/** A new side has to be this much better than the old one: words that hop around cannot be read. */
const KEEP_SHARE = 1.25;
const KEEP_COST = 1500;

export const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(value, Math.max(low, high)));

function overlapOf(a: Rect, b: Rect): number {
  const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return w > 0 && h > 0 ? w * h : 0;
}

/** How far the packet is from the nearest edge of its words. */
function gapOf({ x, y, width, height }: Rect, at: Point): number {
  return Math.hypot(at.x - clamp(at.x, x, x + width), at.y - clamp(at.y, y, y + height));
}

function* offsetsAround({ width, height }: Size): Generator<Point> {
  const xs = [AWAY, -width - AWAY, -width / 2];
  const ys = [-height / 2, -height - AWAY, AWAY];
  for (const x of xs) for (const y of ys) yield { x, y };
  for (let x = -width - REACH; x <= REACH; x += PITCH)
    for (let y = -height - REACH; y <= REACH; y += PITCH) yield { x, y };
}

/** The offset of the best place from the packet; the old one if that is nearly as good. */
export function chooseSide({ at, room, avoid }: Surroundings, size: Size, old: Point | null): Point {
  const { width, height } = size;
  const near = avoid.filter(({ rect, weight }) => weight > 0 && overlapOf(reachOf(at, size), rect) > 0);
  const costOf = ({ x, y }: Point, most: number): number => {
    const box = { x: at.x + x, y: at.y + y, width, height };
    const gap = gapOf(box, at);
    if (gap < AWAY - 1) return Number.POSITIVE_INFINITY;
    let cost = gap * (COST_PER_PX_AWAY + gap * COST_PER_SQUARE_AWAY) + (x > 0 ? 0 : COST_LEFT);
    cost += (width * height - overlapOf(box, room)) * COST_PER_PX_CUT;
    for (const { rect, weight } of near) {
      if (cost >= most) return cost;
      cost += overlapOf(box, rect) * weight;
    }
    return cost;
  };
  let best: Point = { x: AWAY, y: -height / 2 };
  let least = Number.POSITIVE_INFINITY;
  for (const offset of offsetsAround(size)) {
    const cost = costOf(offset, least);
    if (cost < least) [least, best] = [cost, offset];
  }
  return old && costOf(old, Number.POSITIVE_INFINITY) <= least * KEEP_SHARE + KEEP_COST ? old : best;
}

function reachOf(at: Point, { width, height }: Size): Rect {
  const [x, y] = [REACH + width, REACH + height];
  return { x: at.x - x, y: at.y - y, width: 2 * x, height: 2 * y };
}
