/** A conversation by name has two parts: the lookup, then what the program itself sends. */
import type { Step } from '../linux/step.ts';
import type { Moment } from '../scenario/moment.ts';
import type { Trace, TracePacket } from './trace.ts';

type Whole = Pick<Trace, 'steps' | 'packets' | 'lookup'>;

/** Where the program's own part begins; 0 where nothing else is there. */
function ownFrom({ steps, lookup }: Pick<Trace, 'steps' | 'lookup'>): number {
  return lookup && lookup.steps < steps.length ? lookup.steps : 0;
}

/** The steps of the program's own packets; of a lookup that led nowhere those are all there is. */
export function ownSteps(trace: Pick<Trace, 'steps' | 'lookup'>): readonly Step[] {
  const from = ownFrom(trace);
  return from === 0 ? trace.steps : trace.steps.slice(from);
}

export function ownPackets(trace: Whole): readonly TracePacket[] {
  const from = ownFrom(trace);
  return trace.packets.filter(({ firstStep }) => firstStep >= from);
}

/**
 * The step that a saved moment means. It counts from the end of the lookup, which is 0 as a whole: links that were made when a lookup
 * was a single step lead where they led, and no change of DNS moves them.
 */
export function stepOfMoment({ lookup }: Pick<Trace, 'lookup'>, { step, inLookup }: Moment): number {
  if (!lookup) return step;
  if (inLookup !== undefined) return inLookup;
  return step === 0 ? 0 : lookup.steps + step - 1;
}

export function momentOfStep(trace: Pick<Trace, 'lookup'> | null, step: number): Pick<Moment, 'step' | 'inLookup'> {
  const lookup = trace?.lookup;
  if (!lookup || step === 0) return { step };
  return step >= lookup.steps ? { step: step - lookup.steps + 1 } : { step: 0, inLookup: step };
}
