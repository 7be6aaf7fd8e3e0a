import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { useApp, usePart, useSession } from './app-model.ts';
import type { DockTab } from './dock/dock-tabs.ts';
import { Transport } from './timeline/Transport.tsx';
import { Verdict } from './Verdict.tsx';

const TextView = lazy(() => import('./dock/TextView.tsx').then((module) => ({ default: module.TextView })));

const PoliciesTab = lazy(() =>
  import('./policies/PoliciesTab.tsx').then((module) => ({ default: module.PoliciesTab })),
);
const MatrixTab = lazy(() => import('./matrix/MatrixTab.tsx').then((module) => ({ default: module.MatrixTab })));
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
          <Section tab="rules" title="Rules, their cost, and load">
            <RulesTab trace={trace} world={world} />
          </Section>
          <Section tab="policies" title="Policies, and why">
            <PoliciesTab />
          </Section>
          <Section tab="matrix" title="Who may reach whom">
            <MatrixTab />
          </Section>
          <TextView trace={trace} world={world} isPage />
        </Suspense>
      ) : (
        <p className="dock-empty">No packet yet. Choose two ends above and press Send.</p>
      )}
    </main>
  );
}

interface SectionProps {
  readonly tab: DockTab;
  readonly title: string;
  readonly children: ReactNode;
}

/** A tab of the dock: closed until somebody asks; open where a link, or a button, shows it. */
function Section({ tab, title, children }: SectionProps) {
  const { preferences } = useApp();
  const isOpen = usePart(preferences, ({ dockTab }) => dockTab === tab);
  return (
    <details
      className={`narrow-section narrow-${tab}`}
      open={isOpen}
      onToggle={({ currentTarget: { open } }) => {
        if (open !== isOpen) preferences.set({ dockTab: open ? tab : 'text' });
      }}
    >
      <summary>{title}</summary>
      {isOpen && children}
    </details>
  );
}
