/** A moment of a trace, ready to draw: where the packet is, what is written on it, what just changed, what shines. */
import type { Outcome, Trace } from '../sim/engine/trace.ts';
import type { PacketId, Step } from '../sim/linux/step.ts';
import { innermost, isIcmpError, isLaterFragment, isReset } from '../sim/wire/frame.ts';
import type { Fate } from './envelope.ts';
import { happensAtItsPlace, keysOf } from './lit.ts';
import { changeOf, type Envelope, type EnvelopeChange, envelopesOf } from './packet-words.ts';
import { type Layout, pointOf } from './plot.ts';
import { type Leg, type PacketPath, pointAlong } from './route-of-packet.ts';
import type { Point } from './wire-net.ts';

/** The share of a step's time that the way takes; the rest shows what the step does. */
const WAY_SHARE = 0.6;

/** What shines at a step. */
export interface Light {
  /** Boxes and marks of this step, and of all this packet's steps so far. */
  readonly here: ReadonlySet<string>;
  /** The gate or device alone, where a change or a stop is shown. */
  readonly place: ReadonlySet<string>;
  readonly passed: ReadonlySet<string>;
}

export interface MomentView extends Light {
  readonly step: Step;
  readonly packet: PacketId;
  readonly at: Point;
  readonly leg: Leg;
  readonly envelopes: readonly Envelope[];
  readonly change: EnvelopeChange;
  readonly effect: number;
  readonly fate: Fate;
  readonly fateWords: string;
}

/** What is quick to look up while a packet moves: made once per trace and layout. */
export interface TraceIndex {
  readonly trace: Trace;
  readonly paths: readonly PacketPath[];
  readonly legs: ReadonlyMap<number, Leg>;
  /** The step of the same packet before each step. */
  readonly before: ReadonlyMap<number, Step>;
  /** What each step is about; its machine first. */
  readonly keys: ReadonlyMap<number, readonly string[]>;
  /** The gate or device where each step happens: its own, or the last one that the packet came to. */
  readonly places: ReadonlyMap<number, readonly string[]>;
  readonly lights: Map<number, Light>;
}

export function indexTrace(trace: Trace, paths: readonly PacketPath[]): TraceIndex {
  const legs = new Map<number, Leg>();
  for (const path of paths) for (const leg of path.legs) legs.set(leg.step, leg);
  const before = new Map<number, Step>();
  const keys = new Map<number, readonly string[]>();
  const last = new Map<PacketId, Step>();
  const places = new Map<number, readonly string[]>();
  for (const step of trace.steps) {
    const earlier = last.get(step.packet);
    const leg = legs.get(step.i);
    const own = [...keysOf(step), ...bridgedKeys(step, leg)].filter((key) => !isElsewhere(key, step, leg));
    const stays = happensAtItsPlace(step) && earlier?.ns === step.ns;
    keys.set(step.i, own);
    places.set(step.i, (stays ? places.get(earlier.i) : undefined) ?? own.slice(1));
    if (earlier) before.set(step.i, earlier);
    last.set(step.packet, step);
  }
  return { trace, paths, legs, before, keys, places, lights: new Map() };
}

const OUTCOMES: Partial<Record<Outcome, string>> = {
  refused: 'connection refused',
  'no-route': 'no route to host',
  'ttl-exceeded': 'TTL exceeded',
};

/** A refusal that arrives is no good news, though the packet itself was delivered. */
function isRefusal({ frame }: Step): boolean {
  const inner = 'payload' in frame ? innermost(frame) : frame;
  if (!inner || isLaterFragment(inner.l4)) return false;
  return isIcmpError(inner.l4) || isReset(inner.l4);
}

function fateOf(step: Step, trace: Trace): { fate: Fate; fateWords: string } {
  if (step.kind === 'deliver' && step.to !== 'tunnel' && isRefusal(step)) {
    return {
      fate: 'stopped',
      fateWords: trace.verdict.good
        ? 'refused'
        : (OUTCOMES[trace.verdict.outcome] ?? trace.verdict.outcome.replaceAll('-', ' ')),
    };
  }
  if (step.kind === 'drop') return { fate: 'stopped', fateWords: sentence(step.detail || step.reason) };
  if (step.kind === 'deliver' && step.to === 'socket')
    return { fate: 'good', fateWords: `delivered to ${step.socket?.program ?? step.what}` };
  if (step.kind === 'deliver' && step.to === 'icmp') return { fate: 'good', fateWords: 'delivered' };
  return { fate: 'on-its-way', fateWords: '' };
}

/** A bridge looks up routes, too, without the packet being at the node's own routing decision. */
function isElsewhere(key: string, step: Step, leg: Leg | undefined): boolean {
  return step.kind === 'route' && key.startsWith('route:') && leg?.to !== pointOf.place(step.ns, 'route input');
}

/** An IP hook that is asked on a bridge shines there, and at the gate whose rules are asked. */
function bridgedKeys(step: Step, leg: Leg | undefined): string[] {
  if (step.kind !== 'hook' || leg?.to !== pointOf.hook(step.ns, step.hook, 'bridge')) return [];
  return [`${step.ns} bridge ${step.hook}`];
}

const WORDS_MAX = 44;

const sentence = (text: string): string => (text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX - 1)}…` : text);

/** Computed once a step, not once a frame. */
function lightOf(index: TraceIndex, step: Step): Light {
  const known = index.lights.get(step.i);
  if (known) return known;
  const passed = new Set<string>();
  for (const { i, packet } of index.trace.steps) {
    if (i > step.i) break;
    if (packet === step.packet) for (const key of index.keys.get(i) ?? []) passed.add(key);
  }
  const places = index.places.get(step.i) ?? [];
  const light = { here: new Set([...(index.keys.get(step.i) ?? []), ...places]), place: new Set(places), passed };
  index.lights.set(step.i, light);
  return light;
}

/** The moment before the effect of a step shows the packet as it was. */
export function momentAt(index: TraceIndex, layout: Layout, stepIndex: number, progress: number): MomentView | null {
  const step = index.trace.steps[stepIndex];
  const leg = index.legs.get(stepIndex);
  if (!step || !leg) return null;
  const share = leg.lengthPx > 0 ? WAY_SHARE : 0;
  const travelled = share === 0 ? 1 : Math.min(1, progress / share);
  const effect = progress >= 1 ? 1 : Math.max(0, (progress - share) / (1 - share));
  const before = index.before.get(stepIndex) ?? null;
  const isDone = effect > 0 || !before;
  return {
    step,
    packet: step.packet,
    leg,
    at: pointAlong(layout.net, leg.way, travelled),
    envelopes: envelopesOf((isDone ? step : before).frame),
    change: isDone ? changeOf(step, before) : {},
    effect,
    ...(effect > 0.3 || progress >= 1 ? fateOf(step, index.trace) : { fate: 'on-its-way' as const, fateWords: '' }),
    ...lightOf(index, step),
  };
}

/** A point in time of a trace. */
export interface Playhead {
  readonly step: number;
  readonly progress: number;
}

const GLIDE_MS_MIN = 220;
const GLIDE_MS_MAX = 720;
const MS_PER_PX = 1.1;
/** Steps without a way of their own take as long as this many pixels; those that change the packet more. */
const STEP_PX = 3;
const CHANGE_PX = 90;

export interface Glide {
  readonly durationMs: number;
  at(share: number): Playhead;
}

/** From one moment to a later one, through every step of that packet in between. Null: these two are not one movement. */
export function glideBetween(index: TraceIndex, from: Playhead, to: number): Glide | null {
  const { steps } = index.trace;
  const target = steps[to];
  if (!target || to < from.step || (to === from.step && from.progress >= 1)) return null;
  const parts: { step: number; from: number; px: number }[] = [];
  for (let i = from.step; i <= to; i++) {
    const step = steps[i];
    const leg = index.legs.get(i);
    if (!step || !leg || step.packet !== target.packet) continue;
    const start = i === from.step ? from.progress : 0;
    if (start >= 1) continue;
    const changes =
      step.kind === 'nat' ||
      step.kind === 'bpf-nat' ||
      step.kind === 'encap' ||
      step.kind === 'decap' ||
      step.kind === 'drop';
    parts.push({ step: i, from: start, px: (leg.lengthPx + STEP_PX + (changes ? CHANGE_PX : 0)) * (1 - start) });
  }
  const total = parts.reduce((sum, { px }) => sum + px, 0);
  if (parts.length === 0) return null;
  return {
    durationMs: Math.min(GLIDE_MS_MAX, Math.max(GLIDE_MS_MIN, total * MS_PER_PX)),
    at(share) {
      let left = share * total;
      for (const part of parts) {
        if (left <= part.px && share < 1)
          return { step: part.step, progress: part.from + (1 - part.from) * (left / part.px) };
        left -= part.px;
      }
      return { step: to, progress: 1 };
    },
  };
}
