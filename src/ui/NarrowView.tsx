import { lazy, Suspense, useEffect } from 'react';
import { useApp, useSession } from './app-model.ts';
import { Transport } from './timeline/Transport.tsx';
import { Verdict } from './Verdict.tsx';

const TextView = lazy(() => import('./dock/TextView.tsx').then((module) => ({ default: module.TextView })));

/** On a phone: the verdict, the keys of the playhead, and the whole trace as text. */
export function NarrowView() {
  const { playhead } = useApp();
  const trace = useSession((state) => state.trace);
  const world = useSession((state) => state.world);
  // Text that scrolls by itself cannot be read.
  useEffect(() => playhead.pause(), [playhead]);
  return (
    <main className="narrow">
      <Verdict />
      <div className="dock-head">
        <Transport stepCount={trace?.steps.length ?? 0} />
      </div>
      {trace !== null && world !== null ? (
        <Suspense fallback={<p className="dock-empty">Loading …</p>}>
          <TextView trace={trace} world={world} isPage />
        </Suspense>
      ) : (
        <p className="dock-empty">No packet yet. Choose two ends above and press Send.</p>
      )}
    </main>
  );
}
