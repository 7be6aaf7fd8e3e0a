import type { PictureId } from './picture-id.ts';
import { refOf } from './picture-id.ts';
import { type Layout, pointOf } from './plot.ts';
import { pathOf } from './route-of-packet.ts';
import type { CrowdFlow } from './stage-api.ts';
import type { Point, PointId } from './wire-net.ts';

/** Points of the wires that a flow runs along; empty when its ends are not in the picture. */
export type PicturePathFinder = (along: CrowdFlow['along']) => readonly Point[];

function pointIdOf(layout: Layout, id: PictureId): PointId | undefined {
  const ref = refOf(id);
  if (ref === null || !('ns' in ref)) return undefined;
  const names = ref.kind === 'dev' ? [pointOf.dev(ref.ns, ref.dev, 'in')] : [pointOf.place(ref.ns, 'process')];
  return names.find((name) => layout.net.points.has(name));
}

export function crowdPathIn(layout: Layout): PicturePathFinder {
  return (along) => {
    const ids: PointId[] = [];
    if ('steps' in along) {
      for (const { legs } of pathOf({ steps: along.steps, packets: [] }, layout))
        for (const { way } of legs) ids.push(...way);
    } else {
      const [from, to] = [pointIdOf(layout, along.from), pointIdOf(layout, along.to)];
      if (from !== undefined && to !== undefined) ids.push(...layout.net.way(from, to));
    }
    return ids.map((id) => layout.net.at(id));
  };
}
