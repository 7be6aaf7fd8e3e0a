/**
 * Where everything stands: written by hand on an 8-pixel grid, because places mean something here (pods above, kernel in the middle,
 * network below). Order comes from the cluster, sizes do not depend on content, so a position changes only when its own container did.
 */
import type { NsId } from '../sim/linux/config.ts';
import { type Grid, GUTTER, layoutNetwork } from './layout-network.ts';
import { layoutNode, NODE_H, NODE_W } from './layout-node.ts';
import type { Picture, PictureElement } from './picture.ts';
import { idOf, type PictureId } from './picture-id.ts';
import type { Layout, Plot } from './plot.ts';
import { WireNet } from './wire-net.ts';

const SHELF_H = 24;
const SHELF_GAP = 8;
const SERVICE_W = 216;
const MORE_W = 80;
const PITCH = SERVICE_W + 8;
/** So many Services always find a place. */
const SHELF_FREE = 3;
/** From the bottom of a card to the node network's line. */
const DROP = 32;
const ROW_GAP = 40;
const COLUMNS_MIN = 4;

/** Up to four nodes stand in one row; many nodes make a field about twice as wide as high. */
export function columnsFor(nodes: number): number {
  if (nodes <= COLUMNS_MIN) return Math.max(1, nodes);
  return Math.max(COLUMNS_MIN, Math.ceil(Math.sqrt(2 * nodes)));
}

/** What the trace asks for is never only counted: its pods by namespace, its Services by box. */
export interface Wanted {
  readonly namespaces: ReadonlySet<NsId>;
  readonly services: ReadonlySet<PictureId>;
}

const NOTHING: Wanted = { namespaces: new Set(), services: new Set() };

export function layoutPicture(picture: Picture, wanted: Wanted = NOTHING): Layout {
  const plot: Plot = { boxes: new Map(), marks: [], net: new WireNet(), foldedInto: new Map() };
  const top = picture.services.length > 0 ? SHELF_H + SHELF_GAP : 0;
  const grid = gridOf(picture, top);
  const { width } = grid;

  picture.nodes.forEach((node, i) => {
    const { row, column } = grid.placeOf(i);
    const at = { x: column * (NODE_W + GUTTER), y: grid.lineY(row) - DROP - NODE_H };
    layoutNode(plot, node, at, wanted.namespaces);
  });
  const reach = layoutNetwork(plot, picture, grid);
  // Over a single node a few Services may stick out at both sides.
  const shelfW = Math.min(SHELF_FREE, picture.services.length) * PITCH - 8;
  const out = Math.max(0, shelfW - Math.max(width, reach.right) + Math.min(0, reach.left)) / 2;
  const left = Math.min(0, reach.left) - out;
  const right = Math.max(width, reach.right) + out;
  layoutServices(plot, shelfOrder(picture, wanted, right - left), left, right - left);
  const bounds = { x: left, y: 0, width: right - left, height: reach.bottom };
  return { bounds, ...plot };
}

/** Where the cards stand. With two subnets in several rows, those behind the router begin a row of their own. */
function gridOf({ nodes, subnets }: Picture, top: number): Grid {
  const columns = columnsFor(nodes.length);
  const far = subnets[1]?.ports;
  const near = nodes.filter(({ ns }) => !far?.has(ns)).length;
  const isOneRow = nodes.length <= columns;
  const nearRows = isOneRow ? 1 : Math.ceil(near / columns);
  const farRows = isOneRow ? 0 : Math.ceil((nodes.length - near) / columns);
  return {
    rows: Math.max(1, nearRows + farRows),
    nearRows,
    near,
    width: columns * NODE_W + (columns - 1) * GUTTER,
    lineY: (row) => top + row * (NODE_H + DROP + ROW_GAP) + NODE_H + DROP,
    placeOf: (index) => {
      const isNear = isOneRow || index < near;
      const at = isNear ? index : index - near;
      return { row: (isNear ? 0 : nearRows) + Math.floor(at / columns), column: at % columns };
    },
  };
}

/** How many Services fit onto the shelf, beside the count of the others. */
function shelfRoom(services: number, width: number): number {
  const room = Math.max(1, Math.floor((width + 8) / PITCH));
  return services <= room ? services : Math.max(1, Math.floor((width - MORE_W) / PITCH));
}

/** In the cluster's order; only a Service that is asked for and would be hidden takes the last places. */
function shelfOrder({ services }: Picture, { services: asked }: Wanted, width: number): Picture['services'] {
  const fits = shelfRoom(services.length, width);
  const hidden = services.slice(fits).filter(({ element }) => asked.has(element.id));
  const kept = services.slice(0, Math.max(0, fits - hidden.length));
  const shown = [...kept, ...hidden.slice(0, fits)];
  return [...shown, ...services.filter((service) => !shown.includes(service))];
}

function layoutServices(plot: Plot, services: Picture['services'], left: number, width: number): void {
  const fits = shelfRoom(services.length, width);
  services.slice(0, fits).forEach(({ element }, i) => {
    const rect = { x: left + i * PITCH, y: 0, width: SERVICE_W, height: SHELF_H };
    plot.boxes.set(element.id, { element, rect });
  });
  if (services.length <= fits) return;
  const id = idOf({ kind: 'more-services' });
  const hidden = services.length - fits;
  const about = `${hidden} more Services`;
  const element: PictureElement = {
    id,
    kind: 'fold',
    label: `+${hidden} more`,
    sublabel: '',
    about,
    ns: '',
    parent: null,
    details: [],
  };
  plot.boxes.set(id, { element, rect: { x: left + fits * PITCH, y: 0, width: MORE_W, height: SHELF_H } });
  for (const { element: service } of services.slice(fits)) plot.foldedInto.set(service.id, id);
}
