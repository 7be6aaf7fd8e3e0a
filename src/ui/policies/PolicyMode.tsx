import { lazy, Suspense } from 'react';
import { useApp, usePart } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';

const DrawOffer = lazy(() => import('./DrawOffer.tsx').then((module) => ({ default: module.DrawOffer })));

/** On the stage while policies are drawn: what a drag does now, and what the last one would change. */
export function PolicyMode() {
  const { desk } = useApp();
  const isDrawing = usePart(desk, (state) => state.isDrawing);
  const drawn = usePart(desk, (state) => state.drawn);
  if (!isDrawing) return null;
  return (
    <div className="policy-mode">
      <p className="policy-mode-note" role="status">
        <Icon name="policy" size={12} />
        <span>Policy mode: drag from one pod to another to allow it. Select a pod to see whom it may reach.</span>
        <button type="button" className="button button-small" onClick={() => desk.setDrawing(false)}>
          Done
        </button>
      </p>
      {drawn !== null && (
        <Suspense fallback={null}>
          <DrawOffer key={JSON.stringify(drawn)} drawn={drawn} />
        </Suspense>
      )}
    </div>
  );
}
