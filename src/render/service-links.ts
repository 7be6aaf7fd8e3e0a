/** A Service is no station of a packet: its address stands in rules only. Thin dashed lines say which pods stand behind it. */
import { select } from 'd3-selection';
import type { Picture } from './picture.ts';
import type { PictureId } from './picture-id.ts';
import type { Layout } from './plot.ts';

export function drawLinks(layer: SVGGElement, picture: Picture, layout: Layout, wanted: ReadonlySet<PictureId>): void {
  const lines = picture.services.flatMap(({ element, endpoints }) => {
    const tag = layout.boxes.get(layout.foldedInto.get(element.id) ?? element.id);
    if (!wanted.has(element.id) || !tag) return [];
    return endpoints.flatMap((id) => {
      const pod = layout.boxes.get(layout.foldedInto.get(id) ?? id);
      if (!pod) return [];
      const [x1, y1] = [tag.rect.x + 24, tag.rect.y + tag.rect.height];
      const [x2, y2] = [pod.rect.x + pod.rect.width / 2, pod.rect.y];
      const middle = (y1 + y2) / 2;
      return [{ key: `${element.id} ${id}`, d: `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}` }];
    });
  });
  select(layer)
    .selectAll<SVGPathElement, (typeof lines)[number]>('path')
    .data(lines, ({ key }) => key)
    .join('path')
    .attr('class', 'hs-link')
    .attr('d', ({ d }) => d);
}
