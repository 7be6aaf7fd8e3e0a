import type { BeatMark } from '../sim/engine/trace.ts';

/** How finely the playhead walks: the moments that matter, or every step of the trace. */
export type Detail = 'beats' | 'steps';

/** At speed 1, in milliseconds: on the way to a stop, then standing there. */
export interface Pace {
  readonly moveMs: number;
  readonly lingerMs: number;
}

const beatPace: Pace = { moveMs: 360, lingerMs: 240 };
const stepPace: Pace = { moveMs: 200, lingerMs: 120 };

/** A packet slows at decisions, so that the eye can read what changed. */
const decisionLingerMs: Partial<Record<BeatMark, number>> = {
  lookup: 600,
  dnat: 1000,
  snat: 1000,
  encap: 900,
  decap: 700,
  policy: 900,
  deliver: 600,
  drop: 1400,
};

/** Where "next marker" stops when nothing else is asked for. */
export const DECISION_MARKS = Object.keys(decisionLingerMs) as readonly BeatMark[];

/** `mark` is that of the beat at the stop; undefined for a step between beats. */
export function paceOf(detail: Detail, mark: BeatMark | undefined): Pace {
  const { moveMs, lingerMs } = detail === 'beats' ? beatPace : stepPace;
  return { moveMs, lingerMs: (mark && decisionLingerMs[mark]) ?? lingerMs };
}
