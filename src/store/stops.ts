import type { BeatMark, Trace } from '../sim/engine/trace.ts';
import type { Detail } from './pace.ts';

/** Where a playhead can stand in a trace. */
export interface Stops {
  /** Ascending step numbers; empty for a trace without steps. */
  readonly steps: readonly number[];
  readonly marks: ReadonlyMap<number, BeatMark>;
  /** The last step of the trace; 0 for none. */
  readonly last: number;
}

export const NO_STOPS: Stops = { steps: [], marks: new Map(), last: 0 };

/** A trace that has no beats is walked by its steps. */
export function stopsOf(trace: Trace | null, detail: Detail): Stops {
  if (!trace || trace.steps.length === 0) return NO_STOPS;
  const marks = new Map(trace.beats.map((beat) => [beat.step, beat.mark]));
  const isByBeat = detail === 'beats' && marks.size > 0;
  const steps = isByBeat ? [...marks.keys()].sort((a, b) => a - b) : trace.steps.map((_, step) => step);
  return { steps, marks, last: trace.steps.length - 1 };
}

/** The nearest stop on that side, or null at the end. */
export function stopBeside({ steps }: Stops, step: number, direction: 1 | -1): number | null {
  const found = direction === 1 ? steps.find((stop) => stop > step) : steps.findLast((stop) => stop < step);
  return found ?? null;
}

/** The nearest beat on that side whose mark is one of `kinds`. */
export function markBeside(
  { marks }: Stops,
  step: number,
  direction: 1 | -1,
  kinds: readonly BeatMark[],
): number | null {
  const wanted = [...marks].filter(([, mark]) => kinds.includes(mark)).map(([stop]) => stop);
  return stopBeside({ steps: wanted.sort((a, b) => a - b), marks, last: 0 }, step, direction);
}
