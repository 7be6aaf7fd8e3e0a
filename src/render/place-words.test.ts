import { describe, expect, it } from 'vitest';
import { chooseSide, type Obstacle } from './place-words.ts';
import type { Rect } from './plot.ts';

const SIZE = { width: 100, height: 40 };
const ROOM: Rect = { x: 0, y: 0, width: 800, height: 400 };
const at = { x: 400, y: 200 };

function boxAt(avoid: readonly Obstacle[], old: { x: number; y: number } | null = null, packet = at): Rect {
  const side = chooseSide({ at: packet, room: ROOM, avoid }, SIZE, old);
  return { x: packet.x + side.x, y: packet.y + side.y, ...SIZE };
}

const meets = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('chooseSide', () => {
  it('stands at the right of the packet where nothing is in the way', () => {
    expect(chooseSide({ at, room: ROOM, avoid: [] }, SIZE, null)).toEqual({ x: 26, y: -20 });
  });

  it('finds the gap between boxes that matter', () => {
    const boxes = [
      { x: 420, y: 100, width: 300, height: 200 },
      { x: 280, y: 100, width: 110, height: 200 },
    ];
    const box = boxAt(boxes.map((rect) => ({ rect, weight: 4 })));
    for (const rect of boxes) expect(meets(box, rect)).toBe(false);
    expect(meets(box, { ...at, width: 1, height: 1 })).toBe(false);
  });

  it('covers what matters little rather than what matters', () => {
    const important = { x: 0, y: 0, width: 800, height: 195 };
    const box = boxAt([
      { rect: important, weight: 4 },
      { rect: { x: 0, y: 205, width: 800, height: 195 }, weight: 0.1 },
    ]);
    expect(meets(box, important)).toBe(false);
  });

  it('stays in the room', () => {
    const box = boxAt([], null, { x: 790, y: 395 });
    expect(box.x + box.width).toBeLessThanOrEqual(800);
    expect(box.y + box.height).toBeLessThanOrEqual(400);
  });

  it('keeps its side when another one is hardly better', () => {
    const old = { x: -126, y: -20 };
    expect(chooseSide({ at, room: ROOM, avoid: [] }, SIZE, old)).toEqual(old);
  });
});
