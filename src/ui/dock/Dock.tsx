import { lazy, type ReactNode, Suspense, useId } from 'react';
import type { SessionState } from '../../store/session.ts';
import { useApp, usePart, useSession } from '../app-model.ts';
import { ErrorBoundary } from '../parts/ErrorBoundary.tsx';
import { IconButton } from '../parts/IconButton.tsx';
import { Splitter } from '../parts/Splitter.tsx';
import { ZoomTools } from '../stage/ZoomTools.tsx';
import { Timeline } from '../timeline/Timeline.tsx';
import { Transport } from '../timeline/Transport.tsx';
import { useLow } from '../use-media.ts';
import { DOCK_TABS, type DockTab } from './dock-tabs.ts';

const RulesTab = lazy(() => import('../rules/RulesTab.tsx').then((module) => ({ default: module.RulesTab })));
const PodTab = lazy(() => import('../story/PodTab.tsx').then((module) => ({ default: module.PodTab })));
const PoliciesTab = lazy(() =>
  import('../policies/PoliciesTab.tsx').then((module) => ({ default: module.PoliciesTab })),
);
const MatrixTab = lazy(() => import('../matrix/MatrixTab.tsx').then((module) => ({ default: module.MatrixTab })));
const TextView = lazy(() => import('./TextView.tsx').then((module) => ({ default: module.TextView })));
const YamlTab = lazy(() => import('../yaml/YamlTab.tsx').then((module) => ({ default: module.YamlTab })));

const LABELS: Readonly<Record<DockTab, string>> = {
  timeline: 'Timeline',
  rules: 'Rules',
  pod: 'Pod',
  yaml: 'YAML',
  text: 'Text',
  policies: 'Policies',
  matrix: 'Matrix',
};
const HEIGHT_MIN_PX = 152;
/** What is read in the dock needs more height than the timeline, beside the height that the person chose. */
const READING_EXTRA_PX = 152;
const TIMELINE_EXTRA_PX = -24;
/** In a low window both start smaller. */
const LOW_EXTRA_PX = -28;
const HEIGHT_MAX_PX = 720;

/** The one panel below the stage: what is not the picture. */
export function Dock() {
  const { preferences } = useApp();
  const isOpen = usePart(preferences, (state) => state.dockOpen);
  const tab = usePart(preferences, (state) => state.dockTab);
  const isLow = useLow();
  const extraPx = (tab === 'timeline' ? TIMELINE_EXTRA_PX : READING_EXTRA_PX) + (isLow ? LOW_EXTRA_PX : 0);
  const heightPx = usePart(preferences, (state) => state.dockHeightPx) + extraPx;
  const stepCount = useSession(({ trace }) => trace?.steps.length ?? 0);
  const id = useId();
  return (
    <section className="dock" aria-label="Dock">
      <Splitter
        label="Resize the dock"
        orientation="horizontal"
        controls={`${id}-body`}
        sizePx={heightPx}
        minPx={HEIGHT_MIN_PX + extraPx}
        maxPx={HEIGHT_MAX_PX}
        onResize={(sizePx) => preferences.set({ dockHeightPx: sizePx - extraPx, dockOpen: true })}
      />
      <div className="dock-head">
        <Tabs id={id} tab={tab} isOpen={isOpen} onTab={(dockTab) => preferences.set({ dockTab, dockOpen: true })} />
        <ZoomTools />
        <Transport stepCount={stepCount} />
        <IconButton
          icon={isOpen ? 'down' : 'up'}
          label={isOpen ? 'Collapse the dock' : 'Open the dock'}
          keys="D"
          expanded={isOpen}
          onClick={() => preferences.set({ dockOpen: !isOpen })}
        />
      </div>
      <div id={`${id}-body`} className="dock-body" hidden={!isOpen} style={{ height: heightPx }}>
        <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`} tabIndex={-1}>
          {isOpen && (
            <ErrorBoundary key={tab} what={`The ${LABELS[tab]} tab`}>
              <Suspense fallback={<p className="dock-empty">Loading …</p>}>
                <TabBody tab={tab} />
              </Suspense>
            </ErrorBoundary>
          )}
        </div>
      </div>
    </section>
  );
}

interface TabsProps {
  readonly id: string;
  readonly tab: DockTab;
  readonly isOpen: boolean;
  readonly onTab: (tab: DockTab) => void;
}

function Tabs({ id, tab, isOpen, onTab }: TabsProps) {
  const move = (by: number): void => {
    const next = DOCK_TABS[(DOCK_TABS.indexOf(tab) + by + DOCK_TABS.length) % DOCK_TABS.length] ?? tab;
    onTab(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return (
    <div
      className="tabs"
      role="tablist"
      aria-label="Dock"
      onKeyDown={(event) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
        event.preventDefault();
        event.stopPropagation();
        move(event.key === 'ArrowRight' ? 1 : -1);
      }}
    >
      {DOCK_TABS.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`${id}-${name}`}
          aria-selected={isOpen && name === tab}
          aria-controls={`${id}-panel`}
          tabIndex={name === tab ? 0 : -1}
          onClick={() => onTab(name)}
        >
          {LABELS[name]}
        </button>
      ))}
    </div>
  );
}

const keep = (state: SessionState): SessionState => state;

function TabBody({ tab }: { readonly tab: DockTab }): ReactNode {
  const { trace, world } = useSession(keep);
  if (tab === 'yaml') return <YamlTab />;
  if (tab === 'policies') return <PoliciesTab />;
  if (tab === 'matrix') return <MatrixTab />;
  if (tab === 'pod' && world !== null) return <PodTab world={world} />;
  if (trace === null || world === null || trace.steps.length === 0) {
    return <p className="dock-empty">No packet was sent. Choose two ends in the bar above and press Send.</p>;
  }
  if (tab === 'rules') return <RulesTab trace={trace} world={world} />;
  if (tab === 'text') return <TextView trace={trace} world={world} />;
  return <Timeline trace={trace} />;
}
