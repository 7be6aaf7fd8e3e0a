import { createStore } from 'zustand/vanilla';
import type { Explanation } from '../sim/engine/explain/explanation.ts';
import type { Trace } from '../sim/engine/trace.ts';
import type { World } from '../sim/engine/world.ts';
import type { ReadonlyStore } from '../store/readonly-store.ts';

export type Explain = (trace: Trace, world: World, step: number) => Explanation;

/** The words for steps. They come after the first picture, which needs none: null until then. */
export type Explainer = ReadonlyStore<{ readonly explain: Explain | null }>;

export function createExplainer(load: () => Promise<Explain>): Explainer {
  const { getState, getInitialState, subscribe, setState } = createStore<{ explain: Explain | null }>(() => ({
    explain: null,
  }));
  load().then(
    (explain) => setState({ explain }),
    // The page works without words; the next visit tries again.
    (error: unknown) => console.warn('The explanations could not be loaded.', error),
  );
  return { getState, getInitialState, subscribe };
}
