/**
 * The packet of the moment: a small envelope on its wire, and beside it what is written on it, at the size of the screen whatever the
 * zoom. A second envelope is visibly around the first; an address that was rewritten shows the old one struck through.
 */
import { type Selection, select } from 'd3-selection';
import type { Envelope, EnvelopeChange } from './packet-words.ts';
import { chooseSide, clamp, type Obstacle } from './place-words.ts';
import type { Rect } from './plot.ts';
import type { Point } from './wire-net.ts';
import { widthOf } from './words.ts';

export type Fate = 'on-its-way' | 'good' | 'stopped';

export interface EnvelopeView {
  /** On the screen, from the host's corner. */
  readonly at: Point;
  readonly envelopes: readonly Envelope[];
  readonly change: EnvelopeChange;
  /** 0: as before the step; 1: as after it. */
  readonly effect: number;
  readonly fate: Fate;
  /** Why it was stopped, or who got it. */
  readonly fateWords: string;
  /** Where words may stand, and what they should rather not cover. */
  readonly room: Rect;
  readonly avoid: () => readonly Obstacle[];
  /** How much larger than usual words and icon are. */
  readonly zoom: number;
  /** The same while the words should keep their side. */
  readonly placeKey: string;
}

type Layer = Selection<SVGGElement, unknown, null, undefined>;

interface Line {
  readonly text: string;
  readonly look: string;
  readonly y: number;
  readonly fade?: number;
}

interface Sheet {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly look: string;
  readonly lines: readonly Line[];
}

const LINE_H = 17;
const PAD = 10;
const TOP = 21;
const MONO = 13;

function innerLines({ title, src, dst, ttl, ttlName }: Envelope, change: EnvelopeChange, effect: number): Line[] {
  const lines: Line[] = [];
  let y = TOP;
  const add = (text: string, look: string, fade?: number): void => {
    lines.push({ text, look, y, ...(fade === undefined ? {} : { fade }) });
    y += LINE_H;
  };
  add(
    `${title}${ttl === null ? '' : ` · ${ttlName ?? 'ttl'} ${change.ttl !== undefined && effect < 0.5 ? change.ttl : ttl}`}`,
    change.ttl !== undefined && effect >= 0.5 ? 'hs-env-title is-changed' : 'hs-env-title',
  );
  for (const [name, now, before, arrow] of [
    ['src', src, change.src, ''],
    ['dst', dst, change.dst, '→ '],
  ] as const) {
    if (before !== undefined)
      add(`${arrow}${before}`, effect > 0.25 ? 'hs-env-line is-struck' : 'hs-env-line', effect > 0.25 ? 0.75 : 1);
    if (before === undefined || effect > 0.25)
      add(
        `${arrow}${now}`,
        before === undefined ? 'hs-env-line' : 'hs-env-line is-changed',
        before === undefined ? 1 : Math.min(1, (effect - 0.25) * 3),
      );
    void name;
  }
  return lines;
}

/** Sheets from the outermost to the innermost, placed from (0, 0). */
function sheetsOf(view: EnvelopeView): Sheet[] {
  const { change, effect } = view;
  const inner = view.envelopes.at(-1);
  if (!inner) return [];
  const outer = view.envelopes.slice(0, -1);
  const lines = innerLines(inner, change, effect);
  const textW = Math.max(
    ...lines.map(({ text, look }) => widthOf(text, look.startsWith('hs-env-title') ? 'sans' : 'mono', MONO)),
  );
  const outerW = Math.max(0, ...outer.map(({ src, dst }) => widthOf(`${src} → ${dst}`, 'mono', 12)));
  const width = Math.max(textW + 2 * PAD, outerW + 4 * PAD - 2 * PAD * outer.length);
  const height = TOP + lines.length * LINE_H - 6;
  const sheets: Sheet[] = [];
  outer.forEach((envelope, i) => {
    const inset = outer.length - i;
    const look = change.wrapped === 'on' && i === 0 ? 'hs-sheet is-outer is-changed' : 'hs-sheet is-outer';
    sheets.push({
      x: i * 8,
      y: i * 46,
      width: width + inset * 16,
      height: height + inset * 54,
      look,
      lines: [
        { text: envelope.title, look: 'hs-env-title', y: TOP },
        { text: `${envelope.src} → ${envelope.dst}`, look: 'hs-env-line hs-env-outer', y: TOP + LINE_H },
      ],
    });
  });
  sheets.push({ x: outer.length * 8, y: outer.length * 46, width, height, look: 'hs-sheet', lines });
  return sheets;
}

export interface EnvelopeLayer {
  /** True while the words are still gliding to their side. Without time passing they jump. */
  show(view: EnvelopeView | null, sinceMs: number | null): boolean;
}

const GLIDE_MS = 80;

/** The offset of the words from the packet, on its way to where it should be. */
function approach(from: Point, to: Point, sinceMs: number | null): Point {
  const share = sinceMs === null ? 1 : 1 - Math.exp(-sinceMs / GLIDE_MS);
  const next = { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
  return Math.hypot(next.x - to.x, next.y - to.y) < 0.5 ? to : next;
}

export function makeEnvelopeLayer(overlay: SVGSVGElement): EnvelopeLayer {
  const layer = select(overlay).append('g').attr('class', 'hs-packet');
  const leader = layer.append('path').attr('class', 'hs-leader');
  const words = layer.append('g').attr('class', 'hs-words');
  const shadow = words.append('rect').attr('class', 'hs-words-shadow').attr('x', -1).attr('y', 2).attr('rx', 5);
  const icon = layer.append('g').attr('class', 'hs-icon');
  let side: { key: string; target: Point; now: Point } | null = null;

  return {
    show(view, sinceMs) {
      layer.attr('display', view ? null : 'none');
      const sheets = view ? sheetsOf(view) : [];
      const first = sheets[0];
      if (!view || !first) {
        side = null;
        return false;
      }
      const { zoom, room, at } = view;
      const isOver = view.fate !== 'on-its-way';
      const fateW = isOver ? widthOf(view.fateWords, 'bold', 13) + 44 : 0;
      const size = { width: Math.max(first.width, fateW) * zoom, height: (first.height + (isOver ? 28 : 0)) * zoom };
      const key = `${view.placeKey} ${sheets.length} ${view.fate}`;
      if (side?.key !== key) {
        const target = chooseSide({ ...view, avoid: view.avoid() }, size, side?.target ?? null);
        side = { key, target, now: side?.now ?? target };
      }
      side.now = approach(side.now, side.target, sinceMs);
      const x = clamp(at.x + side.now.x, room.x, room.x + room.width - size.width);
      const y = clamp(at.y + side.now.y, room.y, room.y + room.height - size.height);
      drawIcon(icon, view);
      words.attr('transform', `translate(${x.toFixed(1)},${y.toFixed(1)}) scale(${zoom})`);
      shadow.attr('width', first.width + 2).attr('height', first.height + 1);
      drawSheets(words, sheets);
      drawFate(words, view, first.height + 4, size.width / zoom);
      const near = {
        x: clamp(at.x, x + 8, x + first.width * zoom - 8),
        y: clamp(at.y, y + 8, y + first.height * zoom - 8),
      };
      leader.attr('d', `M${at.x.toFixed(1)} ${at.y.toFixed(1)}L${near.x.toFixed(1)} ${near.y.toFixed(1)}`);
      return side.now !== side.target;
    },
  };
}

function drawIcon(icon: Layer, { at, envelopes, fate, zoom }: EnvelopeView): void {
  icon
    .attr('transform', `translate(${at.x.toFixed(1)},${at.y.toFixed(1)}) scale(${zoom})`)
    .attr('class', `hs-icon is-${fate}`);
  const layers = envelopes.map((_, i) => envelopes.length - i - 1);
  icon
    .selectAll<SVGPathElement, number>('path.hs-env')
    .data(layers, (depth) => depth)
    .join('path')
    .attr('class', (depth) => (depth === 0 ? 'hs-env' : 'hs-env is-around'))
    .attr('d', (depth) => {
      const [w, h] = [10 + depth * 6, 7 + depth * 5];
      return `M${-w} ${-h}h${2 * w}v${2 * h}h${-2 * w}Z`;
    })
    .order();
  icon
    .selectAll('path.hs-flap')
    .data([0])
    .join('path')
    .attr('class', 'hs-flap')
    .attr('d', 'M-10 -7L0 1.5L10 -7')
    .raise();
}

function drawSheets(words: Layer, sheets: readonly Sheet[]): void {
  const groups = words
    .selectAll<SVGGElement, Sheet>('g.hs-sheet-group')
    .data(sheets, (_, i) => sheets.length - i)
    .join((enter) => {
      const g = enter.append('g').attr('class', 'hs-sheet-group');
      g.append('rect');
      g.append('path').attr('class', 'hs-sheet-flap');
      return g;
    })
    .attr('transform', ({ x, y }) => `translate(${x},${y})`)
    .order();
  groups
    .select('rect')
    .attr('class', ({ look }) => look)
    .attr('width', ({ width }) => width)
    .attr('height', ({ height }) => height)
    .attr('rx', 4);
  groups.select('.hs-sheet-flap').attr('d', ({ width }) => `M1 1L${width / 2} 8L${width - 1} 1`);
  groups
    .selectAll<SVGTextElement, Line>('text')
    .data(({ lines }) => lines)
    .join('text')
    .attr('class', ({ look }) => look)
    .attr('x', PAD)
    .attr('y', ({ y }) => y)
    .attr('opacity', ({ fade }) => fade ?? 1)
    .text(({ text }) => text);
}

/** The last word: a check or a stop, always a shape and words beside the colour. */
function drawFate(words: Layer, { fate, fateWords }: EnvelopeView, y: number, width: number): void {
  const data = fate === 'on-its-way' ? [] : [fate];
  const group = words
    .selectAll<SVGGElement, Fate>('g.hs-fate')
    .data(data)
    .join((enter) => {
      const g = enter.append('g');
      g.append('rect').attr('height', 24).attr('rx', 4);
      g.append('path').attr('class', 'hs-fate-glyph');
      g.append('text').attr('x', 28).attr('y', 16.5);
      return g;
    })
    .attr('class', (each) => `hs-fate is-${each}`)
    .attr('transform', `translate(0,${y})`);
  group.select('rect').attr('width', width);
  group
    .select('.hs-fate-glyph')
    .attr('d', (each) =>
      each === 'good' ? 'M9 12.5l4 4l7 -9' : 'M11 5.5h6l4.5 4.5v5l-4.5 4.5h-6l-4.5 -4.5v-5ZM10.5 12.5h7',
    );
  group.select('text').text(fateWords);
}
