/** What is computed beside the page, in a worker: what each kind of work is asked, what it tells on the way, and its end. */
import type { Result } from '../../sim/base/result.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import type { CostPoint, ProxyMode } from '../../sim/engine/cost-curve.ts';
import { type Connections, type Distribution, distributing } from '../../sim/engine/distribute.ts';
import { type Reach, type ReachAsk, reachOf } from '../../sim/engine/reach.ts';
import type { PolicyInput } from '../../sim/kube/policy/input.ts';
import { type PolicyModel, policyModel } from '../../sim/kube/policy/model.ts';
import { type Proposal, smallestChange } from '../../sim/kube/policy/smallest-change.ts';
import type { PolicyProbe } from '../../sim/kube/policy/verdict.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import type { ScenarioState } from '../../sim/scenario/scenario.ts';
import { curveMemory } from './curve-memory.ts';

interface Asked {
  readonly state: ScenarioState;
  readonly probe: Probe;
}

/** Everything here is plain data: it is copied from one side to the other. */
export interface WorkKinds {
  /** Tells all points that are known so far. */
  readonly curve: {
    readonly ask: Asked & { readonly modes: readonly ProxyMode[]; readonly size: number };
    readonly slice: readonly CostPoint[];
    readonly end: readonly CostPoint[];
  };
  /** Tells how many connections are made. */
  readonly load: {
    readonly ask: Asked & { readonly connections: Connections; readonly seed: number };
    readonly slice: number;
    readonly end: Result<Distribution, string>;
  };
  /** The smallest changes of policies that let a packet through. */
  readonly change: {
    readonly ask: { readonly input: PolicyInput; readonly probe: PolicyProbe };
    readonly slice: never;
    readonly end: readonly Proposal[];
  };
  /** Who may reach whom; in the order in which it was asked, once for each set of switches. */
  readonly reach: {
    readonly ask: { readonly asks: readonly ReachAsk[] };
    readonly slice: never;
    readonly end: readonly Reach[];
  };
}

export type WorkKind = keyof WorkKinds;
export type Slice<Kind extends WorkKind> = WorkKinds[Kind]['slice'];
export type End<Kind extends WorkKind> = WorkKinds[Kind]['end'];
export type Work<Kind extends WorkKind> = { readonly kind: Kind } & WorkKinds[Kind]['ask'];
export type AnyWork = { [Kind in WorkKind]: Work<Kind> }[WorkKind];

type Run = Generator<Slice<WorkKind>, End<WorkKind>>;

/** Begins a piece of work. One crew remembers what it has counted already. */
export type Crew = (work: AnyWork) => Run;

export function createCrew(): Crew {
  const memory = curveMemory();
  return (work) => {
    switch (work.kind) {
      case 'curve':
        return memory.fill(work);
      case 'load':
        return load(work);
      case 'change':
        return change(work);
      case 'reach':
        return reach(work);
    }
  };
}

function* load({ state, probe, connections, seed }: Work<'load'>): Generator<number, Result<Distribution, string>> {
  const built = buildWorld(state);
  if (!built.ok) return { ok: false, error: built.error[0]?.what ?? 'There is no such cluster.' };
  return yield* distributing(built.value, probe, connections, seed);
}

// biome-ignore lint/correctness/useYield: it is done in one piece.
function* change({ input, probe }: Work<'change'>): Generator<never, readonly Proposal[]> {
  return smallestChange(policyModel(input), probe);
}

function* reach({ asks }: Work<'reach'>): Generator<never, readonly Reach[]> {
  let model: PolicyModel | undefined;
  // All of them are about the same pods: what was worked out for one set of switches serves the next.
  return asks.map((ask) => {
    const made = reachOf(ask, model);
    model = made.model;
    return made.reach;
  });
}
