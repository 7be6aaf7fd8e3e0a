import { createStore } from 'zustand/vanilla';
import type { Result } from '../sim/base/result.ts';
import { same } from '../sim/base/same.ts';
import type { Traced } from '../sim/engine/explain/describe-change.ts';
import type { Trace } from '../sim/engine/trace.ts';
import type { World } from '../sim/engine/world.ts';
import { foldScenario } from '../sim/scenario/fold.ts';
import type { Probe } from '../sim/scenario/probe.ts';
import type { Problem } from '../sim/scenario/problem.ts';
import type { ScenarioState } from '../sim/scenario/scenario.ts';
import type { DocumentCause, ScenarioDocument } from './document.ts';
import type { ReadonlyStore } from './readonly-store.ts';

/** What the session needs of the engine; `main` joins the two. */
export interface EnginePort {
  buildWorld(state: ScenarioState): Result<World, readonly Problem[]>;
  trace(world: World, probe: Probe): Trace;
  /** One sentence: what differs, null when nothing does. `before` is null when nothing was traced before. */
  describeChange(before: Traced | null, after: Traced): string | null;
}

export interface SessionState {
  /** What the document says, also when no world can be built from it. */
  readonly state: ScenarioState;
  /** The last world that could be built; null before the first. */
  readonly world: World | null;
  /** The probe's trace in `world`; null without a probe. */
  readonly trace: Trace | null;
  /** Why there is no world of `state`. Empty: `world` and `trace` are of `state`. */
  readonly problems: readonly Problem[];
  /** The world before the last edit that changed it; null where nothing was edited yet. */
  readonly previous: World | null;
  /** What the last knob changed for the same probe, one sentence. */
  readonly change: string | null;
}

export interface Session extends ReadonlyStore<SessionState> {
  /** Stops following the document. */
  close(): void;
}

/** Follows the document: whoever reads after an edit sees its world and trace. */
export function createSession(document: ScenarioDocument, engine: EnginePort): Session {
  const store = createStore<SessionState>(() => {
    const state = foldScenario(document.getState().scenario);
    return derive(
      { state, world: null, trace: null, problems: [], previous: null, change: null },
      state,
      'opened',
      engine,
    );
  });
  const close = document.subscribe(({ scenario, cause }) => {
    store.setState(derive(store.getState(), foldScenario(scenario), cause, engine), true);
  });
  return { getState: store.getState, getInitialState: store.getInitialState, subscribe: store.subscribe, close };
}

function derive(before: SessionState, state: ScenarioState, cause: DocumentCause, engine: EnginePort): SessionState {
  try {
    const built = buildWorld(before, state, engine);
    if (!built.ok) return { ...before, state, problems: built.error, change: null };
    const trace = state.probe && engine.trace(built.value, state.probe);
    const isKnob = cause === 'edited' && trace !== null && same(before.trace?.probe, state.probe);
    const change = isKnob ? engine.describeChange(tracedOf(before), { trace, world: built.value }) : null;
    const isEdit = cause !== 'opened' && built.value !== before.world;
    const previous = cause === 'opened' ? null : isEdit ? before.world : before.previous;
    return { state, world: built.value, trace, problems: [], previous, change };
  } catch (thrown) {
    return { ...before, state, problems: [brokenInvariant(thrown)], change: null };
  }
}

function tracedOf({ trace, world }: SessionState): Traced | null {
  return trace && world && { trace, world };
}

/** The probe is no part of the world: sending another one does not build the cluster again. */
function buildWorld(before: SessionState, state: ScenarioState, engine: EnginePort): Result<World, readonly Problem[]> {
  const isSame = before.problems.length === 0 && same({ ...before.state, probe: null }, { ...state, probe: null });
  return before.world && isSame ? { ok: true, value: before.world } : engine.buildWorld(state);
}

/** A mistake in the engine must not take the page with it: the picture stays, and the person can undo. */
function brokenInvariant(thrown: unknown): Problem {
  return {
    where: 'Hopscope itself',
    what: thrown instanceof Error ? thrown.message : String(thrown),
    hint: 'This is a mistake in Hopscope, not in your cluster. Undo, and please report it with the link.',
  };
}
