import { useApp, useSession } from './app-model.ts';
import { VerdictStrip } from './VerdictStrip.tsx';

/** The verdict on the present trace; nothing without one. */
export function Verdict() {
  const { playhead } = useApp();
  const trace = useSession((state) => state.trace);
  if (trace === null) return null;
  const go = (step: number): void => {
    playhead.pause();
    playhead.seek(step);
  };
  return <VerdictStrip trace={trace} onStep={go} />;
}
