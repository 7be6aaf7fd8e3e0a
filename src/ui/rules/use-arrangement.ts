import type { RulesArrangement } from '../../store/preferences.ts';
import { useApp, usePart } from '../app-model.ts';

/** What the Rules tab shows, and how to change a part of it. It outlives the tab, and a shared link carries it. */
export function useArrangement(): readonly [RulesArrangement, (part: Partial<RulesArrangement>) => void] {
  const { preferences } = useApp();
  const rules = usePart(preferences, (state) => state.rules);
  return [rules, (part) => preferences.set({ rules: { ...preferences.getState().rules, ...part } })];
}
