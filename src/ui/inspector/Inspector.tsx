import { lazy, Suspense } from 'react';
import { useApp, usePart, useSelection, useSession } from '../app-model.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { Splitter } from '../parts/Splitter.tsx';
import { titleOf } from './selected-words.ts';

const CurrentStep = lazy(() => import('./CurrentStep.tsx').then((module) => ({ default: module.CurrentStep })));
const SelectedView = lazy(() => import('./SelectedView.tsx').then((module) => ({ default: module.SelectedView })));

const WIDTH_MIN_PX = 280;
const WIDTH_MAX_PX = 720;

/** The right side: the current step, or the thing that is selected. */
export function Inspector() {
  const { preferences } = useApp();
  const isOpen = usePart(preferences, (state) => state.inspectorOpen);
  const widthPx = usePart(preferences, (state) => state.inspectorWidthPx);
  const setOpen = (inspectorOpen: boolean): void => preferences.set({ inspectorOpen });
  if (!isOpen) {
    return (
      <aside className="inspector inspector-collapsed" aria-label="Inspector">
        <IconButton icon="panel" label="Open the inspector" keys="I" expanded={false} onClick={() => setOpen(true)} />
      </aside>
    );
  }
  return (
    <aside className="inspector" aria-label="Inspector">
      <Splitter
        label="Resize the inspector"
        orientation="vertical"
        controls="inspector-panel"
        sizePx={widthPx}
        minPx={WIDTH_MIN_PX}
        maxPx={WIDTH_MAX_PX}
        onResize={(inspectorWidthPx) => preferences.set({ inspectorWidthPx })}
      />
      <div id="inspector-panel" className="inspector-panel" style={{ width: widthPx }}>
        <Panel onCollapse={() => setOpen(false)} />
      </div>
    </aside>
  );
}

function Panel({ onCollapse }: { readonly onCollapse: () => void }) {
  const { selection } = useApp();
  const selected = useSelection((state) => state.selected);
  const trace = useSession((state) => (state.trace?.steps.length === 0 ? null : state.trace));
  const world = useSession((state) => state.world);
  return (
    <>
      <div className="inspector-head">
        {selected === null ? (
          <strong className="inspector-title">This step</strong>
        ) : (
          <>
            <IconButton icon="left" label="Back to the step" keys="Esc" onClick={() => selection.select(null)} />
            <h2 className="inspector-title">{titleOf(selected)}</h2>
          </>
        )}
        <IconButton icon="panel" label="Collapse the inspector" keys="I" expanded onClick={onCollapse} />
      </div>
      <ScrollBox className="inspector-body" label={selected === null ? 'Step' : titleOf(selected)}>
        {world !== null && selected !== null && (
          <Suspense fallback={null}>
            <SelectedView selected={selected} world={world} trace={trace} />
          </Suspense>
        )}
        {world !== null && selected === null && trace !== null && (
          <Suspense fallback={null}>
            <CurrentStep trace={trace} world={world} />
          </Suspense>
        )}
        {selected === null && trace === null && (
          <p className="quiet">No packet is under way. Choose two ends in the bar above and press Send.</p>
        )}
      </ScrollBox>
    </>
  );
}
