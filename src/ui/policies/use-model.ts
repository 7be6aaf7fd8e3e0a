import { useMemo } from 'react';
import { same } from '../../sim/base/same.ts';
import { isPolicyKindRead } from '../../sim/engine/policy-notes.ts';
import type { World } from '../../sim/engine/world.ts';
import type { PolicyInput } from '../../sim/kube/policy/input.ts';
import { policyInputOf } from '../../sim/kube/policy/input-of.ts';
import { type PolicyModel, policyModel } from '../../sim/kube/policy/model.ts';
import { policiesOf, type SwitchedPolicy } from '../../sim/scenario/policy-switches.ts';
import type { ScenarioState } from '../../sim/scenario/scenario.ts';
import { useSession } from '../app-model.ts';

/** What the specification says of the present cluster. */
export interface PolicyModels {
  readonly world: World;
  readonly switches: readonly SwitchedPolicy[];
  /** With the policies that are on. */
  readonly now: PolicyModel;
  /** With the staged ones too; the same as `now` where none is staged. */
  readonly would: PolicyModel;
}

type Applied = Pick<ScenarioState, 'objects' | 'faults'>;

/** What was worked out last: for whoever asks next, and for the next model of the same pods. */
let last: { readonly key: readonly unknown[]; readonly models: PolicyModels } | undefined;

export function policyModels(world: World, { objects, faults }: Applied): PolicyModels {
  const key = [world, objects, faults];
  if (last?.key.every((part, at) => part === key[at])) return last.models;
  const switches = policiesOf(objects, faults);
  const before = last?.models.now;
  const input = keptInput(
    policyInputOf(world.cluster, objects, (kind) => isPolicyKindRead(world.cni, kind)),
    before?.input,
  );
  const refs = (test: (state: SwitchedPolicy['state']) => boolean): ReadonlySet<string> =>
    new Set(switches.flatMap(({ ref, state }) => (test(state) ? [ref] : [])));
  const now = policyModel({ ...input, off: refs((state) => state !== 'on') }, before);
  const hasStaged = switches.some(({ state }) => state === 'staged');
  const would = hasStaged ? policyModel({ ...input, off: refs((state) => state === 'off') }, now) : now;
  last = { key, models: { world, switches, now, would } };
  return last.models;
}

/** Parts that did not change are the very same values, so that a model is made from the one before it. */
function keptInput(input: PolicyInput, before: PolicyInput | undefined): PolicyInput {
  if (before === undefined) return input;
  const kept = <Part>(now: Part, then: Part): Part => (same(now, then) ? then : now);
  return {
    ...input,
    pods: kept(input.pods, before.pods),
    namespaces: kept(input.namespaces, before.namespaces),
    nodes: kept(input.nodes, before.nodes),
  };
}

/** Null before the first world. */
export function usePolicyModels(): PolicyModels | null {
  const world = useSession((state) => state.world);
  const objects = useSession(({ state }) => state.objects);
  const faults = useSession(({ state }) => state.faults);
  return useMemo(() => world && policyModels(world, { objects, faults }), [world, objects, faults]);
}
