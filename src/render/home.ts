/** What the camera shows as long as nobody zooms: everything, or the packet's way where everything would be too small to read. */
import type { Layout, Rect } from './plot.ts';

/** Smaller than this, words of 12 pixels cannot be read. */
const LEGIBLE_SCALE = 0.65;
/** Coming closer has to be worth what is then out of view. */
const CLOSER_BY = 1.25;
/** The node network's line is below each machine's card. */
const LINE_BELOW = 40;

export function homeOf(layout: Layout, touched: ReadonlySet<string>, scaleOf: (rect: Rect) => number): Rect {
  const whole = scaleOf(layout.bounds);
  if (whole >= LEGIBLE_SCALE) return layout.bounds;
  const machines = new Set([...touched].filter((key) => layout.boxes.get(key)?.element.kind !== 'service'));
  // With the Service above, if it is not too far away.
  for (const rect of [aroundPath(layout, touched), aroundPath(layout, machines)])
    if (rect && scaleOf(rect) > whole * CLOSER_BY) return rect;
  return layout.bounds;
}

/** The part of the picture that holds these boxes. The node network's name does not count: it stands below the last row always. */
export function aroundPath({ boxes }: Layout, keys: ReadonlySet<string>): Rect | null {
  const rects = [...keys].flatMap((key) => {
    const box = boxes.get(key);
    return box && box.element.kind !== 'underlay' ? [box.rect] : [];
  });
  if (rects.length === 0) return null;
  const x = Math.min(...rects.map((rect) => rect.x));
  const y = Math.min(...rects.map((rect) => rect.y));
  const right = Math.max(...rects.map((rect) => rect.x + rect.width));
  const bottom = Math.max(...rects.map((rect) => rect.y + rect.height)) + LINE_BELOW;
  return { x, y, width: right - x, height: bottom - y };
}
