import { createStore } from 'zustand/vanilla';
import type { Probe } from '../../sim/scenario/probe.ts';
import type { ReadonlyStore } from '../../store/readonly-store.ts';

/** What the Policies tab shows beside its list. */
export type DeskPage =
  /** Why the present packet may pass, or not. */
  | { readonly kind: 'why' }
  /** A policy of the cluster, by its reference. */
  | { readonly kind: 'policy'; readonly ref: string }
  /** One that is being written and is not in the cluster yet. */
  | { readonly kind: 'new' };

export interface PolicyDeskState {
  readonly page: DeskPage;
  /** What stands in the editor where that is not what the cluster has. */
  readonly draft: string | null;
  /** Policy mode: what is dragged from pod to pod on the stage allows, and sends nothing. */
  readonly isDrawing: boolean;
  /** The packet of the arrow that was drawn last, until it is applied or dropped. */
  readonly drawn: Probe | null;
}

/** What a person is doing with policies. It outlives the tab, and is no part of the saved work until it is applied. */
export interface PolicyDesk extends ReadonlyStore<PolicyDeskState> {
  /** Opens a page; a draft of another one is dropped. */
  show(page: DeskPage): void;
  write(draft: string | null): void;
  /** A new policy with this text. */
  begin(text: string): void;
  setDrawing(isDrawing: boolean): void;
  draw(drawn: Probe | null): void;
}

export function createPolicyDesk(): PolicyDesk {
  const store = createStore<PolicyDeskState>(() => ({
    page: { kind: 'why' },
    draft: null,
    isDrawing: false,
    drawn: null,
  }));
  const { getState, getInitialState, subscribe, setState } = store;
  return {
    getState,
    getInitialState,
    subscribe,
    show: (page) => setState({ page, draft: null }),
    write: (draft) => setState({ draft }),
    setDrawing: (isDrawing) => setState({ isDrawing, drawn: null }),
    draw: (drawn) => setState({ drawn }),
    begin: (text) => setState({ page: { kind: 'new' }, draft: text }),
  };
}
