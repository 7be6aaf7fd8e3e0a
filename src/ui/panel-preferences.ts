import { createStore } from 'zustand/vanilla';
import type { Preferences, PreferencesState } from './app-model.ts';

const INITIAL: PreferencesState = {
  theme: 'system',
  hintDismissed: false,
  inspectorOpen: true,
  inspectorWidthPx: 360,
  dockOpen: true,
  timelineHeightPx: 168,
  dockHeightPx: 320,
  dockTab: 'timeline',
};

/** How the page is arranged, for this visit. */
export function createPanelPreferences(): Preferences {
  const { getState, getInitialState, subscribe, setState } = createStore<PreferencesState>(() => INITIAL);
  return { getState, getInitialState, subscribe, set: (part) => setState(part) };
}
