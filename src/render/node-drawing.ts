/** What drawing a node card works with: its plot, and places counted from its corner. */
import type { NodePicture, PictureElement } from './picture.ts';
import type { LayoutBox, LayoutMark, Plot, Rect } from './plot.ts';
import type { Point, PointId } from './wire-net.ts';

export interface Drawing {
  readonly plot: Plot;
  readonly node: NodePicture;
  readonly at: (x: number, y: number) => Point;
  readonly point: (name: string, x: number, y: number) => PointId;
}

/** A place on the rail or bar below the pods. */
export interface Stop {
  readonly x: number;
  readonly id: PointId;
}

export function box({ plot, at }: Drawing, element: PictureElement, rect: Rect, more: Partial<LayoutBox> = {}): void {
  plot.boxes.set(element.id, { element, rect: { ...rect, ...at(rect.x, rect.y) }, ...more });
}

export function mark(
  { plot, node, at }: Drawing,
  key: string,
  kind: LayoutMark['kind'],
  rect: Rect,
  label: string,
): void {
  plot.marks.push({
    key: `${node.ns} ${key}`,
    kind,
    rect: { ...rect, ...at(rect.x, rect.y) },
    label,
    of: node.element.id,
  });
}
