/** How the dock is arranged, as the word that a link carries: `rules`, `rules/all`, `rules/cost/1000`, `rules/load/10`. */
import { SIZES } from '../../sim/engine/cost-curve.ts';
import { CONNECTIONS } from '../../sim/engine/distribute.ts';
import type { PreferencesState, RulesArrangement } from '../../store/preferences.ts';
import { DOCK_TABS, type DockTab } from './dock-tabs.ts';

type Arranged = Pick<PreferencesState<DockTab>, 'dockTab' | 'rules'>;

/** Undefined for what is shown at first. */
export function viewWord({ dockTab, rules }: Arranged): string | undefined {
  if (dockTab !== 'rules') return dockTab === DOCK_TABS[0] ? undefined : dockTab;
  switch (rules.view) {
    case 'cost':
      return `rules/cost/${rules.services}`;
    case 'load':
      return `rules/load/${rules.connections}`;
    case 'walk':
      return rules.showsAll ? 'rules/all' : 'rules';
  }
}

/** What a word says, and for all that it leaves open what stands. A word that was never written is the usual view. */
export function arrangedBy(word: string | undefined, rules: RulesArrangement): Arranged {
  const [tab, view, size] = (word ?? '').split('/');
  const dockTab = DOCK_TABS.find((known) => known === tab) ?? DOCK_TABS[0];
  return { dockTab, rules: dockTab === 'rules' ? rulesBy(view, Number(size), rules) : rules };
}

function rulesBy(view: string | undefined, size: number, rules: RulesArrangement): RulesArrangement {
  if (view === 'cost') return { ...rules, view, services: SIZES.find((each) => each === size) ?? rules.services };
  if (view === 'load') {
    return { ...rules, view, connections: CONNECTIONS.find((each) => each === size) ?? rules.connections };
  }
  return { ...rules, view: 'walk', showsAll: view === 'all' };
}
