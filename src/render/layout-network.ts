/**
 * Below the cards: the line of each subnet, the router between two of them, and the machines outside. In one row the router stands
 * where the line is cut; with more rows beside them, between the last row of one subnet and the first of the other.
 */
import type { NsId } from '../sim/linux/config.ts';
import { NODE_W } from './layout-node.ts';
import type { Picture } from './picture.ts';
import { idOf } from './picture-id.ts';
import type { OutsidePicture, RouterPicture, SubnetPicture } from './picture-network.ts';
import { type Plot, pointOf, type Rect } from './plot.ts';
import type { Point, PointId } from './wire-net.ts';

/** Between two cards. */
export const GUTTER = 16;
/** Half the height of an outside machine, which sits on the line's end. */
const OUTSIDE_W = 128;
const OUTSIDE_H = 40;
/** Wide enough for an address beside each leg; the packet's way is between its name and them. */
const ROUTER_W = 200;
const GAP = 24;
/** From a machine below the line to where its cable goes up. */
const RISE = 12;
const LABEL_W = 208;
const CUT_LABEL_W = 192;
const LABEL_H = 14;

/** Where the cards stand, row by row. */
export interface Grid {
  readonly rows: number;
  /** Rows of the first subnet; the others are of the second one. In a single row both stand side by side. */
  readonly nearRows: number;
  /** Nodes of the first subnet, which come first. */
  readonly near: number;
  readonly width: number;
  readonly lineY: (row: number) => number;
  readonly placeOf: (index: number) => { readonly row: number; readonly column: number };
}

export interface Reach {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

/** A machine's end of its cable, and where that meets a line; `trunk`: it meets the vertical one. */
interface Plug extends Point {
  readonly machine: NsId;
  readonly subnet: number;
  readonly nic: PointId;
  readonly trunk?: number;
}

interface Placed {
  readonly plugs: readonly Plug[];
  readonly rects: readonly Rect[];
}

const NOBODY: Placed = { plugs: [], rects: [] };

export function layoutNetwork(plot: Plot, picture: Picture, grid: Grid): Reach {
  const site = picture.router && siteOf(grid);
  const outside = picture.subnets.length === 0 ? NOBODY : layoutOutside(plot, picture, grid, site);
  const router = picture.router && site ? layoutRouter(plot, picture, picture.router, grid, site) : NOBODY;
  const labels = picture.subnets.map((subnet, at) => {
    const plugs = [...outside.plugs, ...router.plugs].filter((plug) => plug.subnet === at);
    return layoutSubnet(plot, picture, grid, { subnet, at, plugs, site });
  });
  const rects = [...outside.rects, ...router.rects, ...labels];
  const trunk = grid.rows > 1 && picture.subnets.length > 0 ? GUTTER : 0;
  return {
    left: Math.min(0, ...rects.map(({ x }) => x)),
    right: Math.max(grid.width + trunk, ...rects.map(({ x, width }) => x + width)),
    bottom: Math.max(grid.lineY(grid.rows - 1) + OUTSIDE_H / 2, ...rects.map(({ y, height }) => y + height)),
  };
}

/** The router's card, and the one of the machine behind its uplink. */
interface Site {
  readonly router: Rect;
  readonly internet: Rect;
  readonly isBeside: boolean;
}

function siteOf(grid: Grid): Site {
  const isBeside = grid.rows > 1;
  if (!isBeside) {
    const middle = grid.near * (NODE_W + GUTTER) - GUTTER / 2;
    const y = grid.lineY(0) - OUTSIDE_H / 2;
    const below = y + OUTSIDE_H + GAP;
    return {
      router: { x: middle - ROUTER_W / 2, y, width: ROUTER_W, height: OUTSIDE_H },
      internet: { x: middle - OUTSIDE_W / 2, y: below, width: OUTSIDE_W, height: OUTSIDE_H },
      isBeside,
    };
  }
  const above = grid.lineY(grid.nearRows - 1);
  const below = grid.nearRows < grid.rows ? grid.lineY(grid.nearRows) : above + 4 * GAP;
  const middle = (above + below) / 2;
  const x = grid.width + 2 * GUTTER;
  return {
    router: { x, y: middle - OUTSIDE_H / 2, width: ROUTER_W, height: OUTSIDE_H },
    internet: { x: x + ROUTER_W + GAP, y: middle - OUTSIDE_H / 2, width: OUTSIDE_W, height: OUTSIDE_H },
    isBeside,
  };
}

function layoutRouter(
  plot: Plot,
  { subnets, outside }: Picture,
  router: RouterPicture,
  grid: Grid,
  site: Site,
): Placed {
  const { element, ns, legs } = router;
  const { router: rect, isBeside } = site;
  plot.boxes.set(element.id, { element, rect });
  const { net } = plot;
  const [middleX, middleY] = [rect.x + rect.width / 2, rect.y + rect.height / 2];
  const turnX = isBeside ? rect.x + 16 : middleX;
  const process = net.add(pointOf.place(ns, 'process'), turnX, middleY);
  const leg = (dev: string, x: number, y: number): PointId => {
    const inward = net.add(pointOf.dev(ns, dev, 'in'), x, y);
    const outward = net.add(pointOf.dev(ns, dev, 'out'), x, y);
    net.join('unseen', process, net.add(pointOf.place(ns, `turn ${dev}`), turnX, y), inward, outward);
    return outward;
  };
  const plugs = subnets.flatMap((subnet, at): Plug[] => {
    const dev = legs.get(subnet.ns);
    if (dev === undefined) return [];
    const x = at === 0 || isBeside ? rect.x : rect.x + rect.width;
    const y = isBeside ? middleY + (at === 0 ? -4 : 4) : middleY;
    const trunk = isBeside ? { trunk: at === 0 ? grid.nearRows - 1 : grid.nearRows } : {};
    return [{ machine: ns, subnet: at, x, y, nic: leg(dev, x, y), ...trunk }];
  });
  for (const host of outside) {
    const dev = legs.get(host.ns);
    if (dev === undefined) continue;
    const end = isBeside ? { x: rect.x + rect.width, y: middleY } : { x: middleX, y: rect.y + rect.height };
    net.join('underlay', leg(dev, end.x, end.y), pointOf.dev(host.ns, host.dev ?? 'eth0', 'out'));
    mark(plot, `port ${ns} ${host.ns}`, end, dev, element.id);
  }
  return { plugs, rects: [rect] };
}

function mark(plot: Plot, key: string, { x, y }: Point, label: string, of: string): void {
  plot.marks.push({ key, kind: 'port', rect: { x: x - 3, y: y - 3, width: 6, height: 6 }, label, of });
}

/** Senders at the left end, the way out at the right end, or behind the router; further ones below them. */
function layoutOutside(plot: Plot, picture: Picture, grid: Grid, site: Site | null): Placed {
  const isNarrow = grid.width < 2 * NODE_W;
  const y = grid.lineY((site ? grid.nearRows : grid.rows) - 1) - OUTSIDE_H / 2;
  const inset = isNarrow ? -OUTSIDE_W - 8 : 0;
  // The trunk comes down at the right: the way out is beyond it.
  const beyond = grid.rows > 1 ? GUTTER + OUTSIDE_W : 0;
  const senders = picture.outside.filter((host) => !host.isGateway);
  const gateways = picture.outside.filter((host) => host.isGateway);
  const column = (x: number) => (_: OutsidePicture, index: number) => ({
    ...{ x, y: y + index * (OUTSIDE_H + 8), width: OUTSIDE_W, height: OUTSIDE_H },
  });
  const left = senders.map(column(inset));
  const right = site
    ? gateways.map(() => site.internet)
    : gateways.map(column(grid.width - OUTSIDE_W - inset + beyond));
  const lineY = y + OUTSIDE_H / 2;
  const plugs = [
    ...senders.flatMap((host, i) => {
      const ends = outsideBox(plot, host, left[i], 'right');
      return i === 0 ? ends : ends.map((plug) => raised(plot, plug, lineY));
    }),
    ...gateways.flatMap((host, i) =>
      outsideBox(plot, host, right[i], site ? (site.isBeside ? 'left' : 'top') : 'left'),
    ),
  ];
  // A cable from router to machine meets no line.
  return { plugs: site ? plugs.slice(0, senders.length) : plugs, rects: [...left, ...right] };
}

/** The cable of a machine that stands below the line: along its side, and up. */
function raised({ net }: Plot, plug: Plug, y: number): Plug {
  const x = plug.x + RISE;
  const nic = net.add(pointOf.place(plug.machine, 'top'), x, y);
  net.join('underlay', plug.nic, net.add(pointOf.place(plug.machine, 'turn'), x, plug.y), nic);
  return { ...plug, x, y, nic };
}

/** A machine with one card, on the wall that its cable comes to. */
function outsideBox(plot: Plot, host: OutsidePicture, rect: Rect | undefined, wall: 'left' | 'right' | 'top'): Plug[] {
  if (!rect) return [];
  plot.boxes.set(host.element.id, { element: host.element, rect });
  const { net } = plot;
  const middle = { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
  const end = {
    left: { x: rect.x, y: middle.y },
    right: { x: rect.x + rect.width, y: middle.y },
    top: { x: middle.x, y: rect.y },
  }[wall];
  const away = { left: { x: 4, y: 0 }, right: { x: -4, y: 0 }, top: { x: 0, y: 4 } }[wall];
  const process = net.add(pointOf.place(host.ns, 'process'), end.x + away.x, end.y + away.y);
  const dev = host.dev ?? 'eth0';
  const inward = net.add(pointOf.dev(host.ns, dev, 'in'), end.x, end.y);
  const outward = net.add(pointOf.dev(host.ns, dev, 'out'), end.x, end.y);
  net.join('unseen', process, inward, outward);
  const corner = net.add(pointOf.place(host.ns, 'corner'), end.x, end.y);
  net.join('underlay', outward, corner);
  if (wall === 'top') mark(plot, `port ${host.ns}`, end, dev, host.element.id);
  return [{ machine: host.ns, subnet: 0, ...end, nic: corner }];
}

interface Line {
  readonly subnet: SubnetPicture;
  readonly at: number;
  readonly plugs: readonly Plug[];
  readonly site: Site | null;
}

/** The line below each row of a subnet's nodes, and the trunk that joins the lines. Returns where its name stands. */
function layoutSubnet(plot: Plot, picture: Picture, grid: Grid, line: Line): Rect {
  const { net, boxes } = plot;
  const { subnet, at, plugs } = line;
  const { ns, element } = subnet;
  const stops = new Map<number, { x: number; point: PointId }[]>();
  const plug = (machine: NsId, { x, y }: Point, nic: PointId): PointId => {
    const port = subnet.ports.get(machine) ?? `port-${machine}`;
    const inward = net.add(pointOf.dev(ns, port, 'in'), x, y);
    net.points.set(pointOf.dev(ns, port, 'out'), { x, y });
    net.join('unseen', inward, pointOf.dev(ns, port, 'out'));
    net.join('underlay', nic, inward);
    mark(plot, `${at === 0 ? '' : `${ns} `}port ${machine}`, { x, y }, port, element.id);
    return inward;
  };
  const stop = (y: number, x: number, point: PointId): void =>
    void stops.set(y, [...(stops.get(y) ?? []), { x, point }]);
  picture.nodes.forEach(({ ns: node, nics }, i) => {
    const card = boxes.get(idOf({ kind: 'ns', ns: node }))?.rect;
    const nic = nics[0];
    if (!card || !nic || !subnet.ports.has(node)) return;
    const end = { x: card.x + card.width / 2, y: grid.lineY(grid.placeOf(i).row) };
    stop(end.y, end.x, plug(node, end, pointOf.dev(node, nic.label, 'out')));
  });
  const joints: { readonly row: number; readonly y: number; readonly x: number; readonly point: PointId }[] = [];
  for (const { machine, x, y, nic, trunk } of plugs) {
    const point = plug(machine, { x, y }, nic);
    if (trunk === undefined) stop(y, x, point);
    else joints.push({ row: trunk, y, x, point });
  }
  layoutRows(plot, grid, line, stops);
  for (const { row, y, point } of joints) {
    const corner = net.add(pointOf.place(ns, 'corner'), trunkX(grid), y);
    const end = pointOf.place(ns, `trunk ${row}`);
    net.join('underlay', point, corner, ...(net.points.has(end) ? [end] : []));
  }
  return name(plot, grid, line);
}

const trunkX = (grid: Grid): number => grid.width + GUTTER / 2;

/** Rows of a subnet: all of them, or up to the router and from it on. */
function rowsOf(grid: Grid, { at, site }: Line): readonly number[] {
  const rows = Array.from({ length: grid.rows }, (_, row) => row);
  if (!site?.isBeside) return rows;
  return rows.filter((row) => row < grid.nearRows === (at === 0));
}

function layoutRows(
  { net, marks }: Plot,
  grid: Grid,
  line: Line,
  stops: ReadonlyMap<number, readonly { readonly x: number; readonly point: PointId }[]>,
): void {
  const { ns, element } = line.subnet;
  const rows = rowsOf(grid, line);
  for (const row of rows) {
    const y = grid.lineY(row);
    const trunk = grid.rows > 1 ? net.add(pointOf.place(ns, `trunk ${row}`), trunkX(grid), y) : null;
    const here = [...(stops.get(y) ?? []), ...(trunk === null ? [] : [{ x: trunkX(grid), point: trunk }])];
    here.sort((a, b) => a.x - b.x);
    net.join('underlay', ...here.map(({ point }) => point));
    if (trunk !== null && rows.includes(row - 1)) net.join('underlay', pointOf.place(ns, `trunk ${row - 1}`), trunk);
    const [first, last] = [here[0]?.x ?? 0, here.at(-1)?.x ?? 0];
    const rect = { x: first, y: y - 2, width: last - first, height: 4 };
    marks.push({
      key: `${line.at === 0 ? '' : `${ns} `}line ${row}`,
      kind: 'underlay-line',
      rect,
      label: '',
      of: element.id,
    });
  }
}

/** Below the last line, in the middle of what is the subnet's. */
function name({ net, boxes }: Plot, grid: Grid, line: Line): Rect {
  const { subnet, at, site } = line;
  const { ns, element } = subnet;
  const last = rowsOf(grid, line).at(-1);
  const y = grid.lineY(last ?? grid.rows - 1);
  const cut = site && !site.isBeside ? site.router : null;
  const [from, to] = cut ? (at === 0 ? [0, cut.x] : [cut.x + cut.width, grid.width]) : [0, grid.width];
  const width = cut ? CUT_LABEL_W : LABEL_W;
  const middle = Math.max((from + to) / 2, cut ? from + width / 2 + at * 4 : 0);
  net.add(pointOf.place(ns, 'middle'), middle, y);
  const below = cut ? OUTSIDE_H / 2 + 4 : 6;
  const isEmpty = last === undefined && site !== null;
  const rect = isEmpty
    ? { x: site.router.x, y: site.router.y + OUTSIDE_H + 4, width, height: LABEL_H }
    : { x: middle - width / 2, y: y + below, width, height: LABEL_H };
  boxes.set(element.id, { element, rect });
  return rect;
}
