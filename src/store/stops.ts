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

/** The nearest of some steps, in any order, on that side of `step`; null when there is none. */
export function nearestBeside(steps: Iterable<number>, step: number, direction: 1 | -1): number | null {
  let nearest: number | null = null;
  for (const other of steps) {
    const isBeside = (other - step) * direction > 0;
    if (isBeside && (nearest === null || (nearest - other) * direction > 0)) nearest = other;
  }
  return nearest;
}

/** The steps whose beat has one of these marks. */
export function markedSteps({ marks }: Stops, kinds: readonly BeatMark[]): number[] {
  return [...marks].filter(([, mark]) => kinds.includes(mark)).map(([step]) => step);
}
