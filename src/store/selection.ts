import { createStore } from 'zustand/vanilla';
import { same } from '../sim/base/same.ts';
import type { ReadonlyStore } from './readonly-store.ts';

export type SelectedKind =
  | 'node'
  | 'pod'
  | 'service'
  | 'workload'
  | 'namespace'
  | 'external'
  | 'device'
  | 'hook'
  | 'rule'
  | 'route'
  | 'neighbour'
  | 'fdb'
  | 'conntrack'
  | 'listener'
  | 'packet';

/** One thing of the picture. It may be gone from the present world: who shows it looks it up and says so. */
export interface Selected {
  readonly kind: SelectedKind;
  /** The network namespace, where the thing is in one (device, rule, route ...). */
  readonly ns?: string;
  /** Unique among its kind and namespace: `default/web-1`, `node-2`, `cni0`, the line that the tool prints. */
  readonly id: string;
}

export interface SelectionState {
  readonly selected: Selected | null;
  /** Under the pointer, or focused by the keyboard. */
  readonly hovered: Selected | null;
}

export interface Selection extends ReadonlyStore<SelectionState> {
  select(thing: Selected | null): void;
  hover(thing: Selected | null): void;
}

export function createSelection(): Selection {
  const store = createStore<SelectionState>(() => ({ selected: null, hovered: null }));
  const { getState, getInitialState, subscribe, setState } = store;
  return {
    getState,
    getInitialState,
    subscribe,
    select(selected) {
      if (!same(selected, getState().selected)) setState({ selected });
    },
    hover(hovered) {
      if (!same(hovered, getState().hovered)) setState({ hovered });
    },
  };
}
