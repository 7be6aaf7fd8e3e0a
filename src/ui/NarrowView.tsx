import { lazy, Suspense, useEffect } from 'react';
import type { Trace } from '../sim/engine/trace.ts';
import type { World } from '../sim/engine/world.ts';
import { useApp, usePart, useSession } from './app-model.ts';
import { Transport } from './timeline/Transport.tsx';
import { Verdict } from './Verdict.tsx';

const TextView = lazy(() => import('./dock/TextView.tsx').then((module) => ({ default: module.TextView })));

const RulesTab = lazy(() => import('./rules/RulesTab.tsx').then((module) => ({ default: module.RulesTab })));

/** On a phone: the verdict, the keys of the playhead, the rules on request, and the whole trace as text. */
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
          <Rules trace={trace} world={world} />
          <TextView trace={trace} world={world} isPage />
        </Suspense>
      ) : (
        <p className="dock-empty">No packet yet. Choose two ends above and press Send.</p>
      )}
    </main>
  );
}

/** Closed until somebody asks; open where a link shows the rules. */
function Rules({ trace, world }: { readonly trace: Trace; readonly world: World }) {
  const { preferences } = useApp();
  const isOpen = usePart(preferences, ({ dockTab }) => dockTab === 'rules');
  return (
    <details
      className="narrow-rules"
      open={isOpen}
      onToggle={({ currentTarget: { open } }) => {
        if (open !== isOpen) preferences.set({ dockTab: open ? 'rules' : 'text' });
      }}
    >
      <summary>Rules, their cost, and load</summary>
      {isOpen && <RulesTab trace={trace} world={world} />}
    </details>
  );
}
