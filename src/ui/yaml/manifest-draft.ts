import { createStore } from 'zustand/vanilla';
import type { ReadonlyStore } from '../../store/readonly-store.ts';

export interface ManifestDraftState {
  /** What stands in the editor; null: the objects of the cluster, printed. */
  readonly text: string | null;
  /** The file or the clipboard that it came from. */
  readonly source: string | null;
  /** It was dropped or pasted onto the page, and is applied as soon as it is read without errors. */
  readonly isDropped: boolean;
}

/** What a person is writing. It outlives the YAML tab, and is no part of the saved work until it is applied. */
export interface ManifestDraft extends ReadonlyStore<ManifestDraftState> {
  write(text: string | null): void;
  drop(text: string, source: string): void;
  /** It was applied, or could not be. */
  settle(): void;
}

export function createManifestDraft(): ManifestDraft {
  const store = createStore<ManifestDraftState>(() => ({ text: null, source: null, isDropped: false }));
  const { getState, getInitialState, subscribe, setState } = store;
  return {
    getState,
    getInitialState,
    subscribe,
    write: (text) => setState({ text, ...(text === null && { source: null }), isDropped: false }),
    drop: (text, source) => setState({ text, source, isDropped: true }),
    settle: () => setState({ isDropped: false }),
  };
}
