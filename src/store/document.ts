import { createStore } from 'zustand/vanilla';
import { same } from '../sim/base/same.ts';
import { compactScenario } from '../sim/scenario/compact.ts';
import type { Scenario, ScenarioEvent } from '../sim/scenario/scenario.ts';
import type { ReadonlyStore } from './readonly-store.ts';

/** How many edits can be undone; older ones are forgotten. */
export const HISTORY_MAX = 200;

export interface DocumentState {
  /** Always compact. */
  readonly scenario: Scenario;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** What made the scenario what it is now. */
  readonly cause: DocumentCause;
}

export type DocumentCause = 'opened' | 'edited' | 'undone' | 'redone';

/** The saved work with its history. Where the playhead stands and what is selected is not part of it. */
export interface ScenarioDocument extends ReadonlyStore<DocumentState> {
  /** One edit, undone in one step. An edit that changes nothing leaves no trace in the history. */
  apply(...events: readonly ScenarioEvent[]): void;
  undo(): void;
  redo(): void;
  /** An edit that says the whole scenario: without one fault, from a file. Can be undone. */
  replace(scenario: Scenario): void;
  /** Opens another work: its history starts here, so that undo cannot put one work into another. */
  open(scenario: Scenario): void;
  /** Back to the scenario that the document was created with; can be undone. */
  reset(): void;
}

/** Values, not differences: a compact scenario is small, and undo cannot go wrong. */
interface History {
  readonly past: readonly Scenario[];
  readonly present: Scenario;
  readonly future: readonly Scenario[];
}

export function createDocument(initial: Scenario): ScenarioDocument {
  let history: History = { past: [], present: compactScenario(initial), future: [] };
  const store = createStore<DocumentState>(() => view(history, 'opened'));

  const become = (next: History, cause: DocumentCause): void => {
    if (next === history) return;
    history = next;
    store.setState(view(history, cause), true);
  };

  const record = (scenario: Scenario, cause: DocumentCause): void =>
    become(push(history, compactScenario(scenario)), cause);

  return {
    getState: store.getState,
    getInitialState: store.getInitialState,
    subscribe: store.subscribe,
    apply: (...events) => record({ events: [...history.present.events, ...events] }, 'edited'),
    undo: () => become(back(history), 'undone'),
    redo: () => become(forth(history), 'redone'),
    replace: (scenario) => record(scenario, 'edited'),
    open: (scenario) => become({ past: [], present: compactScenario(scenario), future: [] }, 'opened'),
    reset: () => record(initial, 'opened'),
  };
}

function view({ past, present, future }: History, cause: DocumentCause): DocumentState {
  return { scenario: present, canUndo: past.length > 0, canRedo: future.length > 0, cause };
}

function push(history: History, scenario: Scenario): History {
  if (same(scenario, history.present)) return history;
  return { past: [...history.past, history.present].slice(-HISTORY_MAX), present: scenario, future: [] };
}

function back(history: History): History {
  const previous = history.past.at(-1);
  if (!previous) return history;
  return { past: history.past.slice(0, -1), present: previous, future: [history.present, ...history.future] };
}

function forth(history: History): History {
  const [next, ...later] = history.future;
  if (!next) return history;
  return { past: [...history.past, history.present], present: next, future: later };
}
