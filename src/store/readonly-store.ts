import type { StoreApi } from 'zustand/vanilla';

/** A store as others see it: to read and to watch. Only the functions beside it change it. */
export type ReadonlyStore<State> = Pick<StoreApi<State>, 'getState' | 'getInitialState' | 'subscribe'>;
