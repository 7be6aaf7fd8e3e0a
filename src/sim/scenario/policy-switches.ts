/** Which policies are enforced: each one has a switch, and one that is not on stays in the cluster as an object without effect. */
import type { KubeObject } from '../kube/objects.ts';
import { objectRef } from '../kube/objects-merge.ts';
import { isPolicy, type PolicyObject } from '../kube/policy-objects.ts';
import type { FaultEvent, PolicyState } from './scenario.ts';

export interface SwitchedPolicy {
  readonly ref: string;
  readonly policy: PolicyObject;
  readonly state: PolicyState;
}

/** Those that are not on. */
export function switchesOf(changes: readonly FaultEvent[]): ReadonlyMap<string, PolicyState> {
  const states = new Map<string, PolicyState>();
  for (const change of changes) if (change.type === 'PolicySwitched') states.set(change.ref, change.to);
  return new Map([...states].filter(([, state]) => state !== 'on'));
}

/** Every policy of the cluster with its switch, in the order in which they were applied. */
export function policiesOf(objects: readonly KubeObject[], changes: readonly FaultEvent[]): readonly SwitchedPolicy[] {
  const states = switchesOf(changes);
  return objects.filter(isPolicy).map((policy) => {
    const ref = objectRef(policy);
    return { ref, policy, state: states.get(ref) ?? 'on' };
  });
}

/** The objects as whoever enforces policies sees them. */
export function enforcedObjects(objects: readonly KubeObject[], changes: readonly FaultEvent[]): readonly KubeObject[] {
  const states = switchesOf(changes);
  return states.size === 0 ? objects : objects.filter((object) => !states.has(objectRef(object)));
}
