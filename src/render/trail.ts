/** The bright line behind a packet: everything passed so far stays. In a tunnel the line runs between two others. */
import { select } from 'd3-selection';
import type { Leg, PacketPath } from './route-of-packet.ts';
import type { Point, WireNet } from './wire-net.ts';

export interface TrailPiece {
  readonly key: string;
  readonly look: 'now' | 'before';
  readonly isTunnelled: boolean;
  readonly d: string;
}

/** A leg as path data, ending at the packet. */
function drawLeg(net: WireNet, leg: Leg, end: Point | null): string {
  const points = leg.way.map((id) => net.at(id));
  const first = points[0];
  if (!first || points.length < 2) return '';
  const parts = [`M${first.x} ${first.y}`];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1] ?? first, points[i] ?? first];
    if (end && isBetween(end, a, b)) {
      parts.push(`L${end.x} ${end.y}`);
      break;
    }
    parts.push(`L${b.x} ${b.y}`);
  }
  return parts.join('');
}

const isBetween = (p: Point, a: Point, b: Point): boolean =>
  Math.min(a.x, b.x) <= p.x && p.x <= Math.max(a.x, b.x) && Math.min(a.y, b.y) <= p.y && p.y <= Math.max(a.y, b.y);

/** All legs of earlier packets and this packet's legs before a step. Pieces that look the same are one path each. */
export function trailBefore(net: WireNet, paths: readonly PacketPath[], step: number, packet: string): TrailPiece[] {
  const pieces = new Map<string, string[]>();
  for (const path of paths) {
    const look = path.packet === packet ? 'now' : 'before';
    for (const leg of path.legs) {
      if (leg.step >= step) break;
      const d = drawLeg(net, leg, null);
      if (d === '') continue;
      const key = `${look} ${leg.isTunnelled ? 'tunnel' : 'plain'}`;
      const known = pieces.get(key);
      if (known) known.push(d);
      else pieces.set(key, [d]);
    }
  }
  return ['before plain', 'before tunnel', 'now plain', 'now tunnel'].flatMap((key): TrailPiece[] => {
    const d = pieces.get(key)?.join('');
    if (d === undefined) return [];
    return [{ key, look: key.startsWith('now') ? 'now' : 'before', isTunnelled: key.endsWith('tunnel'), d }];
  });
}

/** A tunnelled piece is drawn three times: the pipe, its inside, and the packet's line in it. */
const PARTS = { tunnel: ['pipe', 'bore', 'line'], plain: ['line'] } as const;

/** What lies behind is drawn once a step, the leg under way in every frame. */
export class Trail {
  private readonly behind: SVGGElement;
  private readonly underWay: SVGGElement;
  private drawn: readonly unknown[] = [];

  constructor(layer: SVGGElement) {
    this.behind = select(layer).append('g').node() as SVGGElement;
    this.underWay = select(layer).append('g').node() as SVGGElement;
  }

  clear(): void {
    this.drawn = [];
    this.draw(this.behind, []);
    this.draw(this.underWay, []);
  }

  /** `at` is where the packet is on the leg; null when it has arrived. */
  show(net: WireNet, paths: readonly PacketPath[], leg: Leg, packet: string, at: Point | null): void {
    const now = [net, paths, leg.step, packet];
    if (now.some((part, i) => part !== this.drawn[i])) {
      this.drawn = now;
      this.draw(this.behind, trailBefore(net, paths, leg.step, packet));
    }
    const d = drawLeg(net, leg, at);
    this.draw(this.underWay, d === '' ? [] : [{ key: 'leg', look: 'now', isTunnelled: leg.isTunnelled, d }]);
  }

  private draw(layer: SVGGElement, pieces: readonly TrailPiece[]): void {
    const strokes = pieces.flatMap((piece) =>
      PARTS[piece.isTunnelled ? 'tunnel' : 'plain'].map((part) => ({ ...piece, part, key: `${piece.key} ${part}` })),
    );
    select(layer)
      .selectAll<SVGPathElement, (typeof strokes)[number]>('path')
      .data(strokes, ({ key }) => key)
      .join('path')
      .attr(
        'class',
        ({ look, part, isTunnelled }) => `hs-trail hs-trail-${look} hs-trail-${part}${isTunnelled ? ' in-tunnel' : ''}`,
      )
      .attr('d', ({ d }) => d)
      .order();
  }
}
