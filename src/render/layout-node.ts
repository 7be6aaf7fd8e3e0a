/**
 * Inside a node card, from top to bottom: rooms, their wires, bridge, kernel with its five gates, tunnel, network card. In the kernel a
 * packet comes in at the left and goes out at the right, wherever it comes from and goes to; a tunnel closes that loop.
 */
import type { NsId } from '../sim/linux/config.ts';
import type { HookName } from '../sim/linux/netfilter/iptables/rule.ts';
import { POD_AREA_H, placePods, type RoomPlace } from './layout-pods.ts';
import { layoutBypass, layoutDoors, programGate } from './layout-programs.ts';
import { box, type Drawing, mark, type Stop } from './node-drawing.ts';
import type { NodePicture, PictureElement } from './picture.ts';
import { idOf } from './picture-id.ts';
import { type Plot, pointOf, type Rect } from './plot.ts';
import type { Point, PointId } from './wire-net.ts';

export const NODE_W = 288;
export const NODE_H = 312;

/** Distances from the card's top left corner. */
const PODS = { x: 8, y: 24 };
const BAR = { x: 8, y: 128, width: 272, height: 24 };
const BAR_MID = 140;
const KERNEL = { x: 8, y: 160, width: 272, height: 112 };
const IN_X = 16;
const OUT_X = 272;
const GATES_Y = 194;
const LOCAL_Y = 230;
const TUNNEL = { x: 64, y: 244, width: 176, height: 22 };
const TUNNEL_MID = 255;
const FOOT_Y = 280;
const NIC = { x: 64, y: 288, width: 160, height: 24 };
/** Beside the network card, by which it is heard. */
const ANNOUNCER = { x: 4, y: 290, width: 56, height: 18 };

const GATES: Readonly<Record<HookName, Point>> = {
  PREROUTING: { x: 62, y: GATES_Y },
  INPUT: { x: 112, y: 211 },
  FORWARD: { x: 156, y: GATES_Y },
  OUTPUT: { x: 192, y: 211 },
  POSTROUTING: { x: 226, y: GATES_Y },
};
const ROUTE = { x: 112, y: GATES_Y };
/** Gates that bridged packets pass, inside the bridge's bar. */
const BRIDGED: readonly (readonly [HookName, string, number])[] = [
  ['PREROUTING', 'PRE', 152],
  ['FORWARD', 'FWD', 192],
  ['POSTROUTING', 'POST', 232],
];

/** Which way the lanes of the kernel go. */
const ARROWS: readonly (readonly [number, number, 'up' | 'down' | 'right'])[] = [
  [IN_X, 174, 'down'],
  [IN_X, 226, 'up'],
  [34, GATES_Y, 'right'],
  [254, GATES_Y, 'right'],
  [OUT_X, 174, 'up'],
  [OUT_X, 226, 'down'],
];

export function layoutNode(plot: Plot, node: NodePicture, origin: Point, inFocus: ReadonlySet<NsId>): void {
  const at = (x: number, y: number): Point => ({ x: origin.x + x, y: origin.y + y });
  const point = (name: string, x: number, y: number): PointId =>
    plot.net.add(pointOf.place(node.ns, name), origin.x + x, origin.y + y);
  const drawing: Drawing = { plot, node, at, point };
  box(drawing, node.element, { x: 0, y: 0, width: NODE_W, height: NODE_H });
  mark(drawing, 'kernel', 'kernel', KERNEL, 'kernel');
  for (const [x, y, direction] of ARROWS)
    mark(drawing, `arrow ${x} ${y}`, 'arrow', { x: x - 4, y: y - 4, width: 8, height: 8 }, direction);
  layoutKernel(drawing);
  layoutBar(drawing);
  layoutRooms(drawing, placePods(node.rooms, inFocus));
  layoutTunnels(drawing);
  layoutFoot(drawing);
  layoutBypass(drawing);
}

function gate(drawing: Drawing, hook: HookName): PointId {
  const { node, plot, at } = drawing;
  const { x, y } = GATES[hook];
  const isUpright = hook === 'INPUT' || hook === 'OUTPUT';
  const element = node.hooks.get(hook);
  if (element) box(drawing, element, { x: x - 8, y: y - 8, width: 16, height: 16 }, isUpright ? { isUpright } : {});
  const middle = at(x, y);
  return plot.net.add(pointOf.hook(node.ns, hook, 'ip'), middle.x, middle.y);
}

/** In at the left, PREROUTING, route, FORWARD, POSTROUTING, out at the right; INPUT down to the processes, OUTPUT up from them. */
function layoutKernel(drawing: Drawing): void {
  const { node, plot, point } = drawing;
  const { net } = plot;
  const [pre, input, forward, output, post] = [
    gate(drawing, 'PREROUTING'),
    gate(drawing, 'INPUT'),
    gate(drawing, 'FORWARD'),
    gate(drawing, 'OUTPUT'),
    gate(drawing, 'POSTROUTING'),
  ];
  const route = point('route input', ROUTE.x, ROUTE.y);
  box(drawing, node.route, { x: ROUTE.x - 8, y: ROUTE.y - 8, width: 16, height: 16 });
  box(drawing, node.sockets, { x: 117, y: LOCAL_Y - 9, width: 70, height: 18 });
  box(drawing, node.conntrack, { x: 28, y: LOCAL_Y - 9, width: 68, height: 18 });
  net.lead(
    'lane',
    point('in', IN_X, GATES_Y),
    pre,
    route,
    point('ttl', 132, ROUTE.y),
    forward,
    point('join', 192, GATES_Y),
    post,
    point('out', OUT_X, GATES_Y),
  );
  net.lead('lane', route, input, point('input fork', 112, LOCAL_Y), point('process in', 120, LOCAL_Y));
  const process = point('process', 152, LOCAL_Y);
  const routeOut = point('route output', 192, 222);
  net.lead('unseen', pointOf.place(node.ns, 'process in'), process, point('process out', 184, LOCAL_Y));
  net.lead(
    'lane',
    pointOf.place(node.ns, 'process out'),
    point('output fork', 192, LOCAL_Y),
    routeOut,
    output,
    pointOf.place(node.ns, 'join'),
  );
}

/** The bridge with its ports, or, where the node routes to its pods, a rail that only joins their wires to the kernel. */
function layoutBar(drawing: Drawing): void {
  const { node, plot, point } = drawing;
  const { net } = plot;
  const [left, right] = [point('bar left', IN_X, BAR_MID), point('bar right', OUT_X, BAR_MID)];
  net.lead('lane', left, pointOf.place(node.ns, 'in'));
  net.lead('lane', pointOf.place(node.ns, 'out'), right);
  const bridge = node.bridges[0];
  node.bridges.forEach((element, i) => {
    const width = BAR.width / node.bridges.length;
    box(drawing, element, { ...BAR, x: BAR.x + i * width, width: width - (i < node.bridges.length - 1 ? 8 : 0) });
    for (const [dir, end] of [
      ['in', left],
      ['out', right],
    ] as const) {
      net.points.set(pointOf.dev(node.ns, element.label, dir), net.at(end));
      net.join('unseen', end, pointOf.dev(node.ns, element.label, dir));
    }
  });
  if (!bridge) {
    if (node.rooms.some(({ element }) => !element.isOnHost))
      mark(drawing, 'rail', 'rail', { x: IN_X, y: BAR_MID - 1, width: 260, height: 2 }, '');
    return;
  }
  if (!node.hasBridgedHooks) return;
  for (const [hook, label, x] of BRIDGED)
    mark(drawing, `bridge ${hook}`, 'bridge-hook', { x: x - 4, y: 132, width: 36, height: 16 }, label);
}

function layoutRooms(drawing: Drawing, area: ReturnType<typeof placePods>): void {
  const { node, plot } = drawing;
  const { net } = plot;
  const stops = new Map<number, Stop>();
  const stop = (x: number, id: PointId): void => void stops.set(x, { x, id });
  for (const { x, id } of layoutDoors(drawing, BAR_MID)) stop(x, id);
  stop(IN_X, pointOf.place(node.ns, 'bar left'));
  stop(OUT_X, pointOf.place(node.ns, 'bar right'));
  if (node.bridges.length > 0 && node.hasBridgedHooks)
    for (const [hook, , x] of BRIDGED) {
      const middle = drawing.at(x, BAR_MID);
      stop(x, net.add(pointOf.hook(node.ns, hook, 'bridge'), middle.x, middle.y));
    }
  for (const place of area.rooms) {
    const end = layoutRoom(drawing, place);
    const known = stops.get(end.x);
    if (known) net.join('unseen', known.id, end.id);
    else stop(end.x, end.id);
  }
  const inOrder = [...stops.values()].sort((a, b) => a.x - b.x);
  net.join('unseen', ...inOrder.map(({ id }) => id));
  if (!area.fold) return;
  const { box: rect, count } = area.fold;
  const about = `${count} more pods on ${node.ns}`;
  const id = idOf({ kind: 'fold', ns: node.ns });
  box(
    drawing,
    {
      id,
      kind: 'fold',
      label: `+${count} more`,
      sublabel: '',
      about,
      ns: node.ns,
      parent: node.element.id,
      details: [],
    },
    { ...rect, x: PODS.x + rect.x, y: PODS.y + rect.y },
  );
}

/** A room and its wire down to the bar; returns where it meets the bar. */
function layoutRoom(drawing: Drawing, place: RoomPlace): Stop {
  const { node, plot, at } = drawing;
  const { net } = plot;
  const { room, size } = place;
  const { ns, id, parent } = room.element;
  const inNode = (p: Point): Point => at(PODS.x + p.x, PODS.y + p.y);
  const add = (name: string, p: Point): PointId => net.add(pointOf.place(ns, name), inNode(p).x, inNode(p).y);
  if (size === 'folded') plot.foldedInto.set(id, idOf({ kind: 'fold', ns: node.ns }));
  else
    box(
      drawing,
      { ...room.element, parent },
      { ...place.box, x: PODS.x + place.box.x, y: PODS.y + place.box.y },
      { size },
    );
  const process = add('process', place.process);
  const wall = inNode(place.port);
  const [inward, outward] = (['in', 'out'] as const).map((dir) =>
    net.add(pointOf.dev(ns, room.dev ?? 'eth0', dir), wall.x, wall.y),
  );
  const isLow = place.port.y >= POD_AREA_H;
  const x = isLow ? place.port.x : place.laneX;
  const barX = PODS.x + x;
  const top = at(barX, BAR.y);
  const hostDev = room.hostDev ?? `wire ${ns}`;
  const host = (['in', 'out'] as const).map((dir) => net.add(pointOf.dev(node.ns, hostDev, dir), top.x, top.y));
  const below = place.port.y + 3;
  const bends = isLow ? [] : [add('bend 1', { x: place.port.x, y: below }), add('bend 2', { x, y: below })];
  const spine = net.add(pointOf.place(node.ns, `stop ${ns}`), top.x, at(0, BAR_MID).y);
  const isDrawn = size !== 'folded' && size !== 'chip' && !room.element.isOnHost;
  net.join('unseen', process, inward ?? process, outward ?? process);
  net.join(isDrawn ? 'veth' : 'unseen', outward ?? process, ...bends, host[0] ?? spine);
  net.join('unseen', ...host, spine);
  if (isDrawn) {
    mark(drawing, `port ${hostDev}`, 'port', { x: barX - 3, y: BAR.y - 3, width: 6, height: 6 }, hostDev);
    programGate(drawing, hostDev, 'in', barX, BAR.y);
    mark(
      drawing,
      `port ${ns}`,
      'port',
      { x: PODS.x + place.port.x - 4, y: PODS.y + place.port.y - 4, width: 8, height: 8 },
      room.dev ?? '',
    );
    if (room.bridge === null) net.join('veth', host[0] ?? spine, spine);
  }
  return { x: barX, id: spine };
}

/** Packets enter a tunnel at its right as any other way out; the envelope leaves it at the top, as a packet that the node made. */
function layoutTunnels(drawing: Drawing): void {
  const { node, plot, point } = drawing;
  const { net } = plot;
  const width = TUNNEL.width / Math.max(1, node.tunnels.length);
  const out = point('out low', OUT_X, TUNNEL_MID);
  const inLow = point('in low', IN_X, TUNNEL_MID);
  net.lead('lane', pointOf.place(node.ns, 'out'), out);
  net.lead('lane', inLow, pointOf.place(node.ns, 'in'));
  node.tunnels.forEach((element, i) => {
    const { ns } = node;
    const rect = { ...TUNNEL, x: TUNNEL.x + i * width, width: width - (i < node.tunnels.length - 1 ? 8 : 0) };
    box(drawing, element, rect);
    const name = element.label;
    const isOnly = node.tunnels.length === 1;
    const topIn = point(`${name} top in`, isOnly ? 112 : rect.x + 16, TUNNEL.y);
    const topOut = point(`${name} top out`, isOnly ? 192 : rect.x + rect.width - 16, TUNNEL.y);
    const middle = point(`tunnel ${name}`, rect.x + rect.width / 2, TUNNEL_MID);
    const [rightX, leftX] = [rect.x + rect.width, rect.x];
    const enter = drawing.at(rightX, TUNNEL_MID);
    const leave = drawing.at(leftX, TUNNEL_MID);
    const [sent, received] = [
      net.add(pointOf.dev(ns, name, 'out'), enter.x, enter.y),
      net.add(pointOf.dev(ns, name, 'in'), leave.x, leave.y),
    ];
    const over = isOnly ? [] : [240];
    const fork = (x: number, end: string): PointId[] => over.map((y) => point(`${name} ${end}`, x, y));
    net.lead('lane', out, sent);
    const [inX, outX] = [net.at(topIn).x, net.at(topOut).x];
    const row = net.at(middle).y;
    net.lead('unseen', sent, middle, net.add(pointOf.place(ns, `${name} turn out`), outX, row), topOut);
    net.lead('lane', topOut, ...fork(rect.x + rect.width - 16, 'up'), pointOf.place(ns, 'output fork'));
    net.lead('lane', pointOf.place(ns, 'input fork'), ...fork(rect.x + 16, 'down'), topIn);
    net.lead('unseen', topIn, net.add(pointOf.place(ns, `${name} turn in`), inX, row), middle, received);
    net.lead('lane', received, inLow);
    programGate(drawing, name, 'out', rightX, TUNNEL_MID);
    programGate(drawing, name, 'in', leftX, TUNNEL_MID);
  });
}

/** The network card on the card's lower wall, and the loopback, which leads what the node sends to itself back to its entrance. */
function layoutFoot(drawing: Drawing): void {
  const { node, plot, point } = drawing;
  const { net } = plot;
  const [outLow, inLow] = [pointOf.place(node.ns, 'out low'), pointOf.place(node.ns, 'in low')];
  const [outFoot, inFoot] = [point('out foot', OUT_X, FOOT_Y), point('in foot', IN_X, FOOT_Y)];
  net.lead('lane', outLow, outFoot);
  net.lead('lane', inFoot, inLow);
  const width = NIC.width / Math.max(1, node.nics.length);
  node.nics.forEach((element, i) => {
    const rect = { ...NIC, x: NIC.x + i * width, width: width - (i < node.nics.length - 1 ? 8 : 0) };
    box(drawing, element, rect);
    const [inX, outX, middle] = [rect.x + 24, rect.x + rect.width - 24, rect.x + rect.width / 2];
    const wall = drawing.at(middle, NODE_H);
    const [received, sent] = (['in', 'out'] as const).map((dir) =>
      net.add(pointOf.dev(node.ns, element.label, dir), wall.x, wall.y),
    );
    const wallId = sent ?? inFoot;
    net.join('unseen', received ?? wallId, wallId);
    net.lead(
      'lane',
      outFoot,
      point(`${element.label} out`, outX, FOOT_Y),
      point(`${element.label} out top`, outX, NIC.y),
    );
    const turn = (name: string, x: number): PointId => point(`${element.label} ${name}`, x, NIC.y + 12);
    const centre = turn('centre', middle);
    net.lead('unseen', pointOf.place(node.ns, `${element.label} out top`), turn('turn out', outX), centre, wallId);
    net.lead('unseen', wallId, centre, turn('turn in', inX), point(`${element.label} in top`, inX, NIC.y));
    net.lead(
      'lane',
      pointOf.place(node.ns, `${element.label} in top`),
      point(`${element.label} in`, inX, FOOT_Y),
      inFoot,
    );
    programGate(drawing, element.label, 'in', inX, NIC.y);
    programGate(drawing, element.label, 'out', outX, NIC.y);
    mark(
      drawing,
      `wall ${element.label}`,
      'port',
      { x: middle - 4, y: NODE_H - 4, width: 8, height: 8 },
      element.label,
    );
  });
  if (node.announcer) box(drawing, node.announcer, ANNOUNCER);
  layoutLocalDevices(drawing, outFoot, inFoot);
}

/** The loopback leads from the way out to the way in; a dummy device only holds addresses and no packet passes it. */
function layoutLocalDevices({ node, plot, at, point }: Drawing, outFoot: PointId, inFoot: PointId): void {
  const { net } = plot;
  const put = (element: PictureElement, rect: Rect): readonly [PointId, PointId] => {
    const middle = at(rect.x + rect.width / 2, rect.y + rect.height / 2);
    const add = (dir: 'in' | 'out'): PointId => net.add(pointOf.dev(node.ns, element.label, dir), middle.x, middle.y);
    plot.boxes.set(element.id, { element, rect: { ...rect, ...at(rect.x, rect.y) } });
    return [add('out'), add('in')];
  };
  const loopback = node.devices.find(({ label }) => label === 'lo');
  const dummy = node.devices.find(({ label }) => label !== 'lo');
  if (dummy) put(dummy, { x: 197, y: LOCAL_Y - 9, width: 72, height: 18 });
  if (!loopback) return;
  const [sent, received] = put(loopback, { x: 232, y: NIC.y + 2, width: 32, height: 20 });
  const bend = point('lo bend', OUT_X, NIC.y + 12);
  const back = [point('lo back', 248, FOOT_Y - 4), point('loop back', IN_X, FOOT_Y - 4)];
  net.lead('unseen', outFoot, bend, sent, received, ...back, inFoot);
}
