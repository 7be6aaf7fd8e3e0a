import { createStore } from 'zustand/vanilla';
import type { ReadonlyStore } from '../../store/readonly-store.ts';

export interface ManifestDraftState {
  /** What stands in the editor; null: the objects of the cluster, printed. */
  readonly text: string | null;
  /** The file or the clipboard that it came from. */
  readonly source: string | null;
}

/** What a person is writing. It outlives the YAML tab, and is no part of the saved work until it is applied. */
export interface ManifestDraft extends ReadonlyStore<ManifestDraftState> {
  set(text: string | null, source?: string | null): void;
}

export function createManifestDraft(): ManifestDraft {
  const store = createStore<ManifestDraftState>(() => ({ text: null, source: null }));
  const { getState, getInitialState, subscribe, setState } = store;
  return { getState, getInitialState, subscribe, set: (text, source = null) => setState({ text, source }) };
}
