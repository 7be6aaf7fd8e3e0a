import { useApp, useSession } from './app-model.ts';
import { useSwitches } from './policies/use-switches.ts';
import { VerdictStrip } from './VerdictStrip.tsx';

/** The verdict on the present trace; nothing without one. */
export function Verdict() {
  const { playhead, desk, preferences } = useApp();
  const hasPolicies = useSwitches().length > 0;
  const trace = useSession((state) => state.trace);
  if (trace === null) return null;
  const go = (step: number): void => {
    playhead.pause();
    playhead.seek(step);
  };
  const why = (): void => {
    desk.show({ kind: 'why' });
    preferences.set({ dockTab: 'policies', dockOpen: true });
  };
  return <VerdictStrip trace={trace} onStep={go} onWhy={hasPolicies ? why : null} />;
}
