import { createStore } from 'zustand/vanilla';
import type { Moment } from '../sim/scenario/moment.ts';
import type { DocumentCause, ScenarioDocument } from './document.ts';
import type { ReadonlyStore } from './readonly-store.ts';
import { delayed, type KeyValueStorage, type Timers } from './storage.ts';
import { saveWork, type WorkName } from './works.ts';

/** Long enough that dragging a slider writes once, short enough that a crash costs little. */
export const SAVE_DELAY_MS = 600;

export interface AutosaveState {
  readonly work: WorkName;
  /** `failed`: storage is full, forbidden, or the work is too large; the person should take a link or a file. */
  readonly status: 'saved' | 'waiting' | 'failed';
}

export interface AutosaveInput {
  readonly document: ScenarioDocument;
  readonly work: WorkName;
  readonly readMoment: () => Moment;
  readonly storage: KeyValueStorage;
  readonly timers: Timers;
}

/** Keeps the last work, so that it survives a reload. */
export interface Autosave extends ReadonlyStore<AutosaveState> {
  /** The moment changed: keep it too. */
  touch(): void;
  /** Another work is opened in this one's place; call it before the document opens it. */
  switchTo(work: WorkName): void;
  /** Writes now what is waiting: for when the page goes away. */
  flush(): void;
  close(): void;
}

export function createAutosave({ document, work, readMoment, storage, timers }: AutosaveInput): Autosave {
  const { getState, getInitialState, subscribe, setState } = createStore<AutosaveState>(() => ({
    work,
    status: 'saved',
  }));
  const writing = delayed(timers, SAVE_DELAY_MS, () => {
    const { scenario } = document.getState();
    const isKept = saveWork(storage, { ...getState().work, scenario, moment: readMoment() });
    setState({ status: isKept ? 'saved' : 'failed' });
  });
  const touch = (): void => {
    if (getState().status !== 'waiting') setState({ status: 'waiting' });
    writing.schedule();
  };
  const unfollow = document.subscribe(({ cause }) => {
    if (isOwn(cause)) setState({ work: { ...getState().work, own: true } });
    touch();
  });
  return {
    getState,
    getInitialState,
    subscribe,
    touch,
    switchTo({ id, own }) {
      writing.flush();
      setState({ work: { id, own } });
    },
    flush: writing.flush,
    close() {
      writing.flush();
      unfollow();
    },
  };
}

/** Opening is looking; what one changes is one's own. */
const isOwn = (cause: DocumentCause): boolean => cause !== 'opened';
