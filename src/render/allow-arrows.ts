/** Light arrows between pods that may talk: what policies allow, not what travels. */
import { select } from 'd3-selection';
import type { PictureId } from './picture-id.ts';
import type { Layout, Rect } from './plot.ts';

export interface AllowArrow {
  readonly from: PictureId;
  readonly to: PictureId;
  /** From the selected pod, or to it. */
  readonly way: 'out' | 'in';
}

const HEAD_PX = 5;
/** How far an arrow swings above the straight line, as a share of its length. */
const SWING = 0.16;

const middleOf = ({ x, y, width, height }: Rect): readonly [number, number] => [x + width / 2, y + height / 2];

function wayOf(a: Rect, b: Rect): string {
  const [[x1, y1], [x2, y2]] = [middleOf(a), middleOf(b)];
  const [cx, cy] = [(x1 + x2) / 2, (y1 + y2) / 2 - Math.hypot(x2 - x1, y2 - y1) * SWING];
  // The head lies on the far pod's upper edge, in the direction in which the curve comes in.
  const angle = Math.atan2(b.y - cy, x2 - cx);
  const wing = (turn: number): string =>
    `${x2 - HEAD_PX * Math.cos(angle + turn)} ${b.y - HEAD_PX * Math.sin(angle + turn)}`;
  return `M${x1} ${a.y}Q${cx} ${cy} ${x2} ${b.y}M${wing(0.5)}L${x2} ${b.y}L${wing(-0.5)}`;
}

/** One arrow for each pair of boxes: pods that are folded into one count share theirs. */
export function drawAllowArrows(layer: SVGGElement, layout: Layout | null, arrows: readonly AllowArrow[]): void {
  const drawn = new Map<string, AllowArrow['way']>();
  for (const { from, to, way } of layout ? arrows : []) {
    const [a, b] = [from, to].map((id) => layout?.boxes.get(layout.foldedInto.get(id) ?? id));
    if (a && b && a !== b) drawn.set(wayOf(a.rect, b.rect), way);
  }
  select(layer)
    .selectAll<SVGPathElement, [string, string]>('path')
    .data([...drawn], ([d]) => d)
    .join('path')
    .attr('class', ([, way]) => `hs-allow hs-allow-${way}`)
    .attr('d', ([d]) => d);
}
