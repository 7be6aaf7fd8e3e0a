import * as v from 'valibot';
import { createStore } from 'zustand/vanilla';
import { SIZES } from '../sim/engine/cost-curve.ts';
import { CONNECTIONS, type Connections } from '../sim/engine/distribute.ts';
import { SPEED_MAX, SPEED_MIN } from './playhead.ts';
import type { ReadonlyStore } from './readonly-store.ts';
import { delayed, type KeyValueStorage, readJson, type Timers, writeKey } from './storage.ts';

export const PREFERENCES_KEY = 'hopscope.preferences';
/** Dragging a panel's edge writes once. */
const SAVE_DELAY_MS = 300;
const PANEL_PX_MIN = 80;
const PANEL_PX_MAX = 4000;

/** How a person likes the page, whatever is shown in it. `Tab` is the UI's list of what the dock can show. */
export interface PreferencesState<Tab extends string> {
  readonly theme: 'system' | 'light' | 'dark';
  /** SPEED_MIN to SPEED_MAX. */
  readonly speed: number;
  readonly hintDismissed: boolean;
  readonly inspectorOpen: boolean;
  readonly inspectorWidthPx: number;
  readonly dockOpen: boolean;
  readonly dockHeightPx: number;
  readonly dockTab: Tab;
  readonly rules: RulesArrangement;
}

/** What the Rules tab shows, kept while other tabs are open. */
export interface RulesArrangement {
  readonly view: 'walk' | 'cost' | 'load';
  /** The whole listing, not only the lines that the packet went through. */
  readonly showsAll: boolean;
  /** Services added in the Cost view. */
  readonly services: (typeof SIZES)[number];
  /** Connections made in the Load view. */
  readonly connections: Connections;
}

const RULES_FIRST: RulesArrangement = { view: 'walk', showsAll: false, services: 100, connections: 100 };

export interface Preferences<Tab extends string> extends ReadonlyStore<PreferencesState<Tab>> {
  set(part: Partial<PreferencesState<Tab>>): void;
  /** Writes now what is waiting: for when the page goes away. */
  flush(): void;
}

export interface PreferencesInput<Tab extends string> {
  /** The first one is shown at first. */
  readonly tabs: readonly [Tab, ...Tab[]];
  readonly storage: KeyValueStorage;
  readonly timers: Timers;
}

/** As an earlier visit left them; whatever of that is missing or no longer possible is as at first. */
export function createPreferences<Tab extends string>({
  tabs,
  storage,
  timers,
}: PreferencesInput<Tab>): Preferences<Tab> {
  const saved = readJson(storage, PREFERENCES_KEY);
  const { getState, getInitialState, subscribe, setState } = createStore(() => decodePreferences(saved, tabs));
  const writing = delayed(timers, SAVE_DELAY_MS, () => writeKey(storage, PREFERENCES_KEY, JSON.stringify(getState())));
  return {
    getState,
    getInitialState,
    subscribe,
    set(part) {
      setState(part);
      writing.schedule();
    },
    flush: writing.flush,
  };
}

const savedRules = v.object({
  view: v.picklist(['walk', 'cost', 'load']),
  showsAll: v.boolean(),
  services: v.picklist(SIZES),
  connections: v.picklist(CONNECTIONS),
});

function decodePreferences<Tab extends string>(saved: unknown, tabs: readonly [Tab, ...Tab[]]): PreferencesState<Tab> {
  const number = (min: number, max: number, first: number) =>
    v.fallback(v.pipe(v.number(), v.minValue(min), v.maxValue(max)), first);
  const isOn = (first: boolean) => v.fallback(v.boolean(), first);
  const schema = v.object({
    theme: v.fallback(v.picklist(['system', 'light', 'dark']), 'system'),
    speed: number(SPEED_MIN, SPEED_MAX, 1),
    hintDismissed: isOn(false),
    inspectorOpen: isOn(true),
    inspectorWidthPx: number(PANEL_PX_MIN, PANEL_PX_MAX, 360),
    dockOpen: isOn(true),
    dockHeightPx: number(PANEL_PX_MIN, PANEL_PX_MAX, 168),
    dockTab: v.fallback(v.picklist(tabs), tabs[0]),
    rules: v.fallback(savedRules, RULES_FIRST),
  });
  return v.parse(schema, typeof saved === 'object' && saved !== null ? saved : {});
}
