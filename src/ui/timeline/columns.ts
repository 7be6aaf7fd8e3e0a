/**
 * Where things stand on the timeline: one column per beat, a wide one for a packet that repeats an earlier one's path. In step detail
 * every step has a column.
 */
import type { Beat, BeatMark, Trace } from '../../sim/engine/trace.ts';
import { isUnderlay } from '../../sim/engine/world.ts';
import type { Detail } from '../../store/pace.ts';

export interface Column {
  /** The step that the column stops at. */
  readonly step: number;
  readonly lane: 'request' | 'reply';
  readonly ns: string;
  readonly kind: BeatMark | 'fold' | 'step';
  readonly title: string;
  readonly packet: string;
  /** Relative width; a mark is 1. */
  readonly width: number;
  /** Of a lookup, in a few letters. */
  readonly label?: string;
  /** True for the first column of a packet. */
  readonly isFirst: boolean;
}

const WIDTHS = { loud: 1.2, deliver: 1.2, quiet: 0.55, fold: 1.65, lookup: 2.7, step: 0.2 } as const;
const LOUD: ReadonlySet<BeatMark> = new Set(['send', 'dnat', 'snat', 'encap', 'decap', 'policy', 'drop', 'deliver']);

/** Marks that change or end a packet; the others are stations on its way. */
export const isLoud = (kind: Column['kind']): boolean => kind !== 'fold' && kind !== 'step' && LOUD.has(kind);

export function columnsOf(trace: Trace, detail: Detail): readonly Column[] {
  const columns = detail === 'beats' ? beatColumns(trace) : stepColumns(trace);
  return columns.map((column, index) => ({ ...column, isFirst: column.packet !== columns[index - 1]?.packet }));
}

function beatColumns(trace: Trace): readonly Column[] {
  const repeats = new Set(trace.packets.filter(({ repeats }) => repeats !== null).map(({ id }) => id));
  return trace.beats.map((beat) => {
    const kind = repeats.has(beat.packet) && beat.mark !== 'lookup' ? 'fold' : beat.mark;
    const title =
      kind === 'fold' ? (trace.packets.find(({ id }) => id === beat.packet)?.title ?? beat.title) : beat.title;
    const label = kind === 'lookup' ? { label: shortLookup(title, trace.lookup?.name ?? '') } : {};
    return { ...base(beat), kind, title, width: beatWidth(kind), ...label };
  });
}

function beatWidth(kind: Column['kind']): number {
  if (kind === 'fold' || kind === 'deliver' || kind === 'lookup') return WIDTHS[kind];
  return isLoud(kind) ? WIDTHS.loud : WIDTHS.quiet;
}

const base = ({ step, lane, ns, packet }: Beat) => ({ step, lane, ns, packet, isFirst: false });

function stepColumns(trace: Trace): readonly Column[] {
  const beats = new Map(trace.beats.map((beat) => [beat.step, beat]));
  const lanes = new Map(trace.packets.map(({ id, lane }) => [id, lane]));
  return trace.steps.map(({ i, ns, packet, kind }) => {
    const beat = beats.get(i);
    const lane = lanes.get(packet) ?? 'request';
    const isMark = beat !== undefined && isLoud(beat.mark);
    return {
      step: i,
      lane,
      ns,
      packet,
      kind: isMark ? beat.mark : 'step',
      title: beat?.title ?? kind,
      width: isMark ? WIDTHS.loud : WIDTHS.step,
      isFirst: false,
    };
  });
}

/** The column that a step belongs to: the last one that starts at or before it. */
export function columnAt(columns: readonly Column[], step: number): number {
  let found = 0;
  for (const [index, column] of columns.entries()) if (column.step <= step) found = index;
  return found;
}

/** The column under a point of the track, given as a fraction of its width. */
export function columnUnder(columns: readonly Column[], fraction: number): number {
  const total = columns.reduce((sum, column) => sum + column.width, 0);
  let edge = 0;
  for (const [index, column] of columns.entries()) {
    edge += column.width;
    if (fraction * total < edge) return index;
  }
  return Math.max(0, columns.length - 1);
}

export interface Band {
  readonly from: number;
  readonly to: number;
  readonly ns: string;
}

/** Neighbouring columns in one namespace: the strip between the lanes that says where the packet is. */
export function bandsOf(columns: readonly Column[]): readonly Band[] {
  const bands: { from: number; to: number; ns: string }[] = [];
  for (const [index, column] of columns.entries()) {
    if (column.kind === 'fold') continue;
    const last = bands.at(-1);
    if (last && last.to === index - 1 && last.ns === column.ns) last.to = index;
    else bands.push({ from: index, to: index, ns: column.ns });
  }
  return bands;
}

/** The letters that generated names end in have no vowels, so that they never look like a word. */
const GENERATED = /(-[bcdf-hj-np-tv-xz\d]{6,10})?-[bcdf-hj-np-tv-xz\d]{5}$/;

/** A place in few letters: a pod by its workload. The whole name is its tooltip. */
export function shortPlace(ns: string): string {
  if (isUnderlay(ns)) return 'net';
  return ns.includes('/') ? ns.slice(ns.indexOf('/') + 1).replace(GENERATED, '') : ns;
}

/**
 * What the search list adds is what tells one question from the next: `Asks for api.shop.svc.cluster.local` is `+ svc` for the name
 * `api.shop`. `Answer: NXDOMAIN` is `NXDOMAIN`.
 */
export function shortLookup(title: string, name: string): string {
  const asked = /^Asks for (.*)$/.exec(title)?.[1];
  if (asked === undefined) return title.replace(/^Answer: /, '').replace(/^\S+: /, '');
  const added = asked.startsWith(`${name}.`) ? asked.slice(name.length + 1) : '';
  return added === '' ? 'as it is' : `+ ${added.replace(/\.cluster\.local$/, '')}`;
}

/** `data (GET / HTTP/1.1)` is `GET /`, `TCP ACK` is `ACK`. */
export const shortFold = (title: string): string =>
  title.replace(/^TCP /, '').replace(/^data \((?:HTTP\/[\d.]+ )?(.*?)(?: HTTP\/[\d.]+)?\)$/, '$1');
