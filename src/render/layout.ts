/**
 * Where everything stands: written by hand on an 8-pixel grid, because places mean something here (pods above, kernel in the middle,
 * network below). Order comes from the cluster, sizes do not depend on content, so a position changes only when its own container did.
 */
import type { NsId } from '../sim/linux/config.ts';
import { layoutNode, NODE_H, NODE_W } from './layout-node.ts';
import type { OutsidePicture, Picture, PictureElement } from './picture.ts';
import { idOf, type PictureId } from './picture-id.ts';
import { type Layout, type Plot, pointOf } from './plot.ts';
import { type PointId, WireNet } from './wire-net.ts';

const GUTTER = 16;
const SHELF_H = 24;
const SHELF_GAP = 8;
const SERVICE_W = 216;
const MORE_W = 80;
const PITCH = SERVICE_W + 8;
/** So many Services always find a place. */
const SHELF_FREE = 3;
/** From the bottom of a card to the node network's line. */
const DROP = 32;
/** Half the height of an outside machine, which sits on the line's end. */
const OUTSIDE_W = 128;
const OUTSIDE_H = 40;
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
  const columns = columnsFor(picture.nodes.length);
  const rows = Math.max(1, Math.ceil(picture.nodes.length / columns));
  const width = columns * NODE_W + (columns - 1) * GUTTER;
  const top = picture.services.length > 0 ? SHELF_H + SHELF_GAP : 0;
  const rowPitch = NODE_H + DROP + ROW_GAP;
  const lineY = (row: number): number => top + row * rowPitch + NODE_H + DROP;

  picture.nodes.forEach((node, i) => {
    const x = (i % columns) * (NODE_W + GUTTER);
    layoutNode(plot, node, { x, y: top + Math.floor(i / columns) * rowPitch }, wanted.namespaces);
  });
  const reach = layoutUnderlay(plot, picture, { columns, rows, width, lineY });
  // Over a single node a few Services may stick out at both sides.
  const shelfW = Math.min(SHELF_FREE, picture.services.length) * PITCH - 8;
  const out = Math.max(0, shelfW - Math.max(width, reach.right) + Math.min(0, reach.left)) / 2;
  const left = Math.min(0, reach.left) - out;
  const right = Math.max(width, reach.right) + out;
  layoutServices(plot, shelfOrder(picture, wanted, right - left), left, right - left);
  const bounds = { x: left, y: 0, width: right - left, height: reach.bottom };
  return { bounds, ...plot };
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

interface Field {
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly lineY: (row: number) => number;
}

interface Reach {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

/** The line below each row of nodes, the trunk that joins the lines, and the machines outside at its ends. */
function layoutUnderlay(plot: Plot, picture: Picture, field: Field): Reach {
  const { net, marks, boxes } = plot;
  const lastY = field.lineY(field.rows - 1);
  const bottom = lastY + OUTSIDE_H / 2;
  if (!picture.underlay) return { left: 0, right: field.width, bottom };
  const { ns, id } = picture.underlay;
  const outside = layoutOutside(plot, picture, field, lastY);
  const hasTrunk = field.rows > 1;
  const right = Math.max(field.width + (hasTrunk ? GUTTER : 0), outside.right);
  const stops = new Map<number, { x: number; point: PointId }[]>();
  const plug = (machine: NsId, x: number, y: number, nic: PointId): void => {
    const port = picture.switchPorts.get(machine) ?? `port-${machine}`;
    const inward = net.add(pointOf.dev(ns, port, 'in'), x, y);
    net.points.set(pointOf.dev(ns, port, 'out'), { x, y });
    net.join('unseen', inward, pointOf.dev(ns, port, 'out'));
    net.join('underlay', nic, inward);
    stops.set(y, [...(stops.get(y) ?? []), { x, point: inward }]);
    marks.push({
      key: `port ${machine}`,
      kind: 'port',
      rect: { x: x - 3, y: y - 3, width: 6, height: 6 },
      label: port,
      of: id,
    });
  };
  picture.nodes.forEach(({ ns: node, nics }, i) => {
    const card = boxes.get(idOf({ kind: 'ns', ns: node }))?.rect;
    const nic = nics[0];
    if (!card || !nic) return;
    plug(
      node,
      card.x + card.width / 2,
      field.lineY(Math.floor(i / field.columns)),
      pointOf.dev(node, nic.label, 'out'),
    );
  });
  for (const { machine, x, nic } of outside.plugs) plug(machine, x, lastY, nic);
  for (let row = 0; row < field.rows; row++) {
    const y = field.lineY(row);
    const trunk = hasTrunk
      ? [
          {
            x: field.width + GUTTER / 2,
            point: net.add(pointOf.place(ns, `trunk ${row}`), field.width + GUTTER / 2, y),
          },
        ]
      : [];
    const here = [...(stops.get(y) ?? []), ...trunk].sort((a, b) => a.x - b.x);
    net.join('underlay', ...here.map(({ point }) => point));
    if (row > 0) net.join('underlay', pointOf.place(ns, `trunk ${row - 1}`), pointOf.place(ns, `trunk ${row}`));
    const [first, last] = [here[0]?.x ?? 0, here.at(-1)?.x ?? 0];
    marks.push({
      key: `line ${row}`,
      kind: 'underlay-line',
      rect: { x: first, y: y - 2, width: last - first, height: 4 },
      label: '',
      of: id,
    });
  }
  net.add(pointOf.place(ns, 'middle'), field.width / 2, lastY);
  const label = { x: field.width / 2 - 104, y: lastY + 6, width: 208, height: 14 };
  boxes.set(id, { element: picture.underlay, rect: label });
  return { left: outside.left, right, bottom: Math.max(bottom, outside.bottom) };
}

interface Outside extends Reach {
  readonly plugs: readonly { readonly machine: NsId; readonly x: number; readonly nic: PointId }[];
}

/** Senders at the left end, the way out at the right end; further ones below them. */
function layoutOutside(plot: Plot, picture: Picture, field: Field, lineY: number): Outside {
  const isNarrow = field.columns === 1;
  const plugs: { machine: NsId; x: number; nic: PointId }[] = [];
  let [left, right, bottom] = [0, field.width, lineY + OUTSIDE_H / 2];
  const put = (host: OutsidePicture, side: 'left' | 'right', index: number): void => {
    const inset = isNarrow ? -OUTSIDE_W - 8 : 0;
    // The trunk comes down at the right: the way out is beyond it.
    const beyond = field.rows > 1 ? GUTTER + OUTSIDE_W : 0;
    const x = side === 'left' ? inset : field.width - OUTSIDE_W - inset + beyond;
    const rect = { x, y: lineY - OUTSIDE_H / 2 + index * (OUTSIDE_H + 8), width: OUTSIDE_W, height: OUTSIDE_H };
    plot.boxes.set(host.element.id, { element: host.element, rect });
    left = Math.min(left, rect.x);
    right = Math.max(right, rect.x + rect.width);
    bottom = Math.max(bottom, rect.y + rect.height);
    const wall = side === 'left' ? x + OUTSIDE_W : x;
    const away = side === 'left' ? 8 : -8;
    const y = rect.y + OUTSIDE_H / 2;
    const { net } = plot;
    const process = net.add(pointOf.place(host.ns, 'process'), wall - away / 2, y);
    const inward = net.add(pointOf.dev(host.ns, host.dev ?? 'eth0', 'in'), wall, y);
    const outward = net.add(pointOf.dev(host.ns, host.dev ?? 'eth0', 'out'), wall, y);
    net.join('unseen', process, inward, outward);
    const corner = net.add(pointOf.place(host.ns, 'corner'), wall, y);
    net.join('underlay', outward, corner);
    plugs.push({ machine: host.ns, x: wall, nic: corner });
  };
  picture.outside
    .filter((host) => !host.isGateway)
    .forEach((host, i) => {
      put(host, 'left', i);
    });
  picture.outside
    .filter((host) => host.isGateway)
    .forEach((host, i) => {
      put(host, 'right', i);
    });
  return { left, right, bottom, plugs };
}
