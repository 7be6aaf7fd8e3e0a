import { createStore } from 'zustand/vanilla';
import type { BeatMark, Trace } from '../sim/engine/trace.ts';
import { DECISION_MARKS, type Detail, paceOf } from './pace.ts';
import type { ReadonlyStore } from './readonly-store.ts';
import type { Session } from './session.ts';
import { markedSteps, nearestBeside, type Stops, stopsOf } from './stops.ts';
import { createWay } from './way.ts';

export const SPEED_MIN = 0.25;
export const SPEED_MAX = 4;
/** A tab that slept must not jump: longer frames count as this long. */
export const FRAME_MS_MAX = 250;

export interface PlayheadState {
  /** The step of the trace that is shown or being walked to; 0 without a trace. */
  readonly step: number;
  /** Where it comes from: the picture moves from there to `step` as `progress()` goes from 0 to 1. */
  readonly previousStep: number;
  readonly playing: boolean;
  /** SPEED_MIN to SPEED_MAX; 1 is about 600 ms a beat. */
  readonly speed: number;
  readonly detail: Detail;
}

export interface PlayheadOptions {
  readonly speed?: number;
  readonly detail?: Detail;
}

/** Where one stands in a trace. It computes no networking and owns no clock: the frame loop calls `tick`. */
export interface Playhead extends ReadonlyStore<PlayheadState> {
  /** From the start again when it stands at the end. */
  play(): void;
  pause(): void;
  toggle(): void;
  /** To the stop beside, moving there; stops playing. */
  stepBy(direction: 1 | -1): void;
  /** Any step, at once; out of range goes to the nearer end. Playing goes on from there. */
  seek(step: number): void;
  /** To the next beat with one of these marks, at once; stays where there is none. Stops playing. */
  nextMark(kinds?: readonly BeatMark[]): void;
  prevMark(kinds?: readonly BeatMark[]): void;
  setSpeed(speed: number): void;
  setDetail(detail: Detail): void;
  /** Another trace: plays it from the start, or stands at `at`. */
  load(trace: Trace | null, at?: number): void;
  /** Time passes. Subscribers hear of it only when a stop is left for the next. */
  tick(dtMs: number): void;
  /** 0 at `previousStep`, 1 at `step`. Linear: the picture eases. To be read in every frame. */
  progress(): number;
}

export function createPlayhead(options: PlayheadOptions = {}): Playhead {
  const { getState, setState, subscribe, getInitialState } = createStore(() => startingState(options));
  let loaded: Trace | null = null;
  let stops: Stops = stopsOf(null, 'beats');
  const way = createWay((step) => paceOf(getState().detail, stops.marks.get(step)));

  const stand = (step: number, playing: boolean): void => {
    const at = clamp(Math.trunc(step), 0, stops.last);
    way.end(at);
    setState({ step: at, previousStep: at, playing });
  };
  /** `lateMs`: so much of the way is over already. */
  const walk = (step: number, playing: boolean, lateMs = 0): void => {
    way.begin(step, lateMs);
    setState({ step, previousStep: getState().step, playing });
  };
  const beside = (direction: 1 | -1, steps = stops.steps) => nearestBeside(steps, getState().step, direction);
  const jump = (direction: 1 | -1, kinds: readonly BeatMark[]): void =>
    stand(beside(direction, markedSteps(stops, kinds)) ?? getState().step, false);
  const pause = (): void => setState({ playing: false });
  const play = (): void => {
    if (stops.steps.length === 0) return;
    if (beside(1) === null) stand(stops.steps[0] ?? 0, true);
    else setState({ playing: true });
  };

  return {
    getState,
    getInitialState,
    subscribe,
    play,
    pause,
    toggle: () => (getState().playing ? pause() : play()),
    stepBy(direction) {
      const next = beside(direction);
      if (next === null) pause();
      else walk(next, false);
    },
    seek: (step) => stand(step, getState().playing),
    nextMark: (kinds = DECISION_MARKS) => jump(1, kinds),
    prevMark: (kinds = DECISION_MARKS) => jump(-1, kinds),
    setSpeed: (speed) => setState({ speed: clamp(speed, SPEED_MIN, SPEED_MAX) }),
    setDetail(detail) {
      stops = stopsOf(loaded, detail);
      setState({ detail });
      stand(getState().step, getState().playing);
    },
    load(trace, at) {
      loaded = trace;
      stops = stopsOf(trace, getState().detail);
      if (at === undefined) stand(stops.steps[0] ?? 0, stops.steps.length > 1);
      else stand(at, false);
    },
    tick(dtMs) {
      way.pass(clamp(dtMs, 0, FRAME_MS_MAX) * getState().speed);
      for (let left = stops.steps.length; left > 0 && getState().playing && way.lateMs() >= 0; left--) {
        const next = beside(1);
        if (next === null) pause();
        else walk(next, true, way.lateMs());
      }
    },
    progress: way.progress,
  };
}

function startingState({ speed = 1, detail = 'beats' }: PlayheadOptions): PlayheadState {
  return { step: 0, previousStep: 0, playing: false, speed: clamp(speed, SPEED_MIN, SPEED_MAX), detail };
}

/** Keeps the playhead on the session's trace. Returns the way to stop following. */
export function followTrace(playhead: Playhead, session: Session): () => void {
  return session.subscribe(({ trace }, before) => {
    if (trace !== before.trace) playhead.load(trace);
  });
}

/** NaN becomes the minimum. */
function clamp(value: number, min: number, max: number): number {
  return value > min ? Math.min(value, max) : min;
}
