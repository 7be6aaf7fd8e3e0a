import { useMemo } from 'react';
import type { Explanation } from '../../sim/engine/explain/explanation.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { useExplain, usePlayhead } from '../app-model.ts';

/** The words of the step at the playhead; null for a trace without steps. */
export function useExplanation(trace: Trace, world: World): Explanation | null {
  const explain = useExplain();
  const step = usePlayhead((state) => state.step);
  return useMemo(
    () => (explain !== null && trace.steps[step] ? explain(trace, world, step) : null),
    [explain, trace, world, step],
  );
}
