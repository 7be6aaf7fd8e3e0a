import { createStore } from 'zustand/vanilla';
import type { MatrixPort } from '../../sim/engine/reach.ts';
import type { PolicyModels } from '../policies/use-model.ts';
import type { MatrixChoice } from './matrix-cells.ts';

/** How a person looks at the matrix. It outlives the tab, and is no part of the saved work. */
export interface MatrixViewState extends MatrixChoice {
  /** Null: the port of the packet, or the first that anybody declares. */
  readonly ports: readonly MatrixPort[] | null;
  /** Ports that were typed, beside those that pods declare. */
  readonly typed: readonly MatrixPort[];
  readonly isList: boolean;
  /** What the present cells are compared with. */
  readonly base: PolicyModels | null;
  /** The cell whose reasons are shown, by the keys of its lines. */
  readonly pinned: { readonly from: string; readonly to: string } | null;
}

export const matrixView = createStore<MatrixViewState>(() => ({
  namespace: null,
  unfolded: new Set<string>(),
  ports: null,
  typed: [],
  isList: false,
  base: null,
  pinned: null,
}));

export const portKey = ({ protocol, port }: MatrixPort): string =>
  protocol === 'OTHER' ? 'ping' : `${protocol} ${port}`;
