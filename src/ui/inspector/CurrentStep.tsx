import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { usePlayhead } from '../app-model.ts';
import { stepFaults } from '../faults/step-faults.ts';
import { StepView } from './StepView.tsx';
import { useExplanation } from './use-explanation.ts';

/** The step at the playhead, in full. */
export function CurrentStep({ trace, world }: { readonly trace: Trace; readonly world: World }) {
  const explanation = useExplanation(trace, world);
  const step = usePlayhead((state) => state.step);
  const now = trace.steps[step];
  if (explanation === null || now === undefined) return null;
  return <StepView explanation={explanation} faults={stepFaults(now, trace, world)} />;
}
