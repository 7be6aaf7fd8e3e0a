/**
 * The way of each packet through the picture: for every step the point where it happens, and the wires from the point before. A packet
 * stays where it is while rules are asked; it moves when a device, a gate, a route or a tunnel says so.
 */
import type { Trace } from '../sim/engine/trace.ts';
import { isUnderlay } from '../sim/engine/world.ts';
import type { NsId } from '../sim/linux/config.ts';
import type { PacketId, Step } from '../sim/linux/step.ts';
import { carriedBy } from '../sim/wire/frame.ts';
import { type Layout, pointOf } from './plot.ts';
import type { Point, PointId, WireNet } from './wire-net.ts';

/** One step of one packet. */
export interface Leg {
  readonly step: number;
  /** Where the step happens. */
  readonly to: PointId;
  /** Points from where the packet was, both ends included; one point when it did not move. */
  readonly way: readonly PointId[];
  readonly lengthPx: number;
  /** It travels inside another envelope. */
  readonly isTunnelled: boolean;
}

export interface PacketPath {
  readonly packet: PacketId;
  readonly lane: 'request' | 'reply';
  readonly legs: readonly Leg[];
}

/**
 * The points that a step may be drawn at, best first; empty: it happens where the packet is. A frame on a bridge is shown to the IP
 * hooks, too (br_netfilter): these are asked on the bridge, before the packet comes to the node's own kernel.
 */
export function pointsFor(step: Step, isOnBridge: boolean): PointId[] {
  const { ns } = step;
  const place = (...names: string[]): PointId[] => names.map((name) => pointOf.place(ns, name));
  switch (step.kind) {
    case 'dev':
      return [pointOf.dev(ns, step.dev, step.dir)];
    case 'hook':
      if (step.family === 'ip' && !isOnBridge) return [pointOf.hook(ns, step.hook, 'ip'), ...place('process')];
      return [
        pointOf.hook(ns, step.hook, 'bridge'),
        ...(step.hook === 'INPUT' && step.iif ? [pointOf.dev(ns, step.iif, 'in')] : []),
      ];
    case 'route':
      return isOnBridge ? [] : place(`route ${step.direction}`, 'process');
    case 'ttl':
      return step.by === undefined ? place('ttl') : [];
    case 'bpf-run':
      return 'dev' in step.attachment.at
        ? [pointOf.dev(ns, step.attachment.at.dev, step.attachment.at.hook === 'tc ingress' ? 'in' : 'out')]
        : [];
    case 'bpf-sock':
      return place('process');
    case 'encap':
    case 'decap':
      return place(`tunnel ${step.dev}`);
    case 'deliver':
      return step.to === 'tunnel' ? [] : place('process');
    case 'send':
      return step.outer ? [] : place('process');
    case 'bridged-dnat':
      return [pointOf.dev(ns, step.dev, 'in')];
    default:
      return [];
  }
}

const firstKnown = (net: WireNet, ids: readonly PointId[]): PointId | undefined => ids.find((id) => net.points.has(id));

/** Where a packet stands that says nothing about its place yet: in its namespace's process, or anywhere in that machine. */
function someWhere(net: WireNet, ns: NsId): PointId | undefined {
  return firstKnown(net, [pointOf.place(ns, 'process'), pointOf.place(ns, 'middle'), pointOf.place(ns, 'in')]);
}

function lengthOf(net: WireNet, way: readonly PointId[]): number {
  let length = 0;
  for (let i = 1; i < way.length; i++) {
    const [a, b] = [net.at(way[i - 1] ?? ''), net.at(way[i] ?? '')];
    length += Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
  }
  return length;
}

export function pathOf(trace: Pick<Trace, 'steps' | 'packets'>, layout: Layout): PacketPath[] {
  const { net } = layout;
  const lanes = new Map(trace.packets.map(({ id, lane }) => [id, lane]));
  const here = new Map<PacketId, { at: PointId; ns: NsId; isOnBridge: boolean }>();
  const legs = new Map<PacketId, Leg[]>();
  for (const step of trace.steps) {
    const before = here.get(step.packet);
    // A packet that answers another one starts where that one ended.
    const born = step.kind === 'send' && step.answers !== undefined ? here.get(step.answers) : undefined;
    const start = before ?? (born?.ns === step.ns ? born : undefined);
    const stays = start?.ns === step.ns ? start.at : undefined;
    const isOnBridge =
      step.kind === 'hook' && step.family === 'bridge'
        ? true
        : step.kind !== 'dev' && start?.ns === step.ns && start.isOnBridge;
    const to = firstKnown(net, pointsFor(step, isOnBridge)) ?? stays ?? someWhere(net, step.ns) ?? start?.at;
    if (to === undefined) continue;
    const way = before ? net.way(before.at, to) : [to];
    const leg: Leg = {
      step: step.i,
      to,
      way,
      lengthPx: lengthOf(net, way),
      isTunnelled: step.outer === true || (isUnderlay(step.ns) && isWrapped(step)),
    };
    const known = legs.get(step.packet);
    if (known) known.push(leg);
    else legs.set(step.packet, [leg]);
    here.set(step.packet, { at: to, ns: step.ns, isOnBridge });
  }
  return [...legs].map(([packet, its]) => ({ packet, lane: lanes.get(packet) ?? 'request', legs: its }));
}

function isWrapped({ frame }: Step): boolean {
  const packet = 'payload' in frame ? frame.payload : frame;
  return packet.kind === 'ip' && carriedBy(packet) !== undefined;
}

/** The point at a share of a way, by length. */
export function pointAlong(net: WireNet, way: readonly PointId[], share: number): Point {
  const points = way.map((id) => net.at(id));
  const first = points[0];
  if (!first) throw new Error('Broken invariant: a way has at least one point');
  let left = lengthOf(net, way) * Math.min(1, Math.max(0, share));
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1] ?? first, points[i] ?? first];
    const length = Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
    if (left <= length && length > 0)
      return { x: a.x + ((b.x - a.x) * left) / length, y: a.y + ((b.y - a.y) * left) / length };
    left -= length;
  }
  return points.at(-1) ?? first;
}
