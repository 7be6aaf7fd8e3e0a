/** A Service is no station of a packet: its address stands in rules only. Thin dashed lines say which pods stand behind it. */
import { select } from 'd3-selection';
import type { Picture } from './picture.ts';
import type { PictureId } from './picture-id.ts';
import type { Layout, Rect } from './plot.ts';

/** Of a node card: between its two columns of rooms. */
const CENTRE = 140;
/** Of the gap beside and above a card. */
const BESIDE = 8;

/** Along the gap under the shelf, then down where no word stands: between cards, and between the two columns of rooms. */
function wayTo(tag: Rect, pod: Rect, card: Rect): string {
  const centre = card.x + CENTRE;
  const side = pod.x < centre ? pod.x + pod.width : pod.x;
  const start = `M${tag.x + 24} ${tag.y + tag.height}v4`;
  const isFirstRow = card.y <= tag.y + tag.height + BESIDE;
  const between = isFirstRow ? '' : `H${card.x - BESIDE}V${card.y - BESIDE}`;
  return `${start}${between}H${centre}V${pod.y + 10}H${side}`;
}

export function drawLinks(layer: SVGGElement, picture: Picture, layout: Layout, wanted: ReadonlySet<PictureId>): void {
  const ways = new Set<string>();
  for (const { element, endpoints } of picture.services) {
    const tag = layout.boxes.get(layout.foldedInto.get(element.id) ?? element.id);
    if (!wanted.has(element.id) || !tag) continue;
    // Folded pods share one line to their count: a dashed line drawn twice is no longer dashed.
    for (const id of new Set(endpoints.map((pod) => layout.foldedInto.get(pod) ?? pod))) {
      const pod = layout.boxes.get(id);
      // Chips stand too close for lines of their own.
      if (!pod || pod.size === 'chip') continue;
      ways.add(wayTo(tag.rect, pod.rect, layout.boxes.get(pod.element.parent ?? '')?.rect ?? pod.rect));
    }
  }
  select(layer)
    .selectAll<SVGPathElement, string>('path')
    .data([...ways], (d) => d)
    .join('path')
    .attr('class', 'hs-link')
    .attr('d', (d) => d);
}
