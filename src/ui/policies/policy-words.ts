/** Few words about policies, as lists and switches show them. */
import { type Bitset, hasBit } from '../../sim/kube/policy/bitset.ts';
import { podRef } from '../../sim/kube/policy/ends.ts';
import type { PolicyModel } from '../../sim/kube/policy/model.ts';
import type { Direction } from '../../sim/kube/policy/uniform.ts';
import type { NetworkPolicyObject, PolicyObject } from '../../sim/kube/policy-objects.ts';

/** `shop/deny`; of one that belongs to no namespace, its name. */
export const policyName = (policy: PolicyObject): string =>
  'namespace' in policy ? `${policy.namespace}/${policy.name}` : policy.name;

/** Pods that a policy selects, as positions among the pods. */
function selectedBy(model: PolicyModel, ...subjects: readonly Bitset[]): readonly number[] {
  const ends = endsOfPods(model);
  const found: number[] = [];
  for (const [at, end] of ends.entries()) if (end >= 0 && subjects.some((bits) => hasBit(bits, end))) found.push(at);
  return found;
}

const known = new WeakMap<PolicyModel['ends'], Int32Array>();

/** Of each pod; -1 for one on its node's network, which no policy selects. */
function endsOfPods({ ends, input }: PolicyModel): Int32Array {
  const before = known.get(ends);
  if (before) return before;
  const made = Int32Array.from(input.pods, (pod) => (pod.hostNetwork ? -1 : (ends.ofPod(podRef(pod)) ?? -1)));
  known.set(ends, made);
  return made;
}

/** `Selects 3 pods: web-1, web-2 and api-1.` of a policy as it is written now. */
export function selectsOf(model: PolicyModel, { namespace, spec }: NetworkPolicyObject): string {
  const bits = model.ends.found({ kind: 'pods', namespace, pods: spec.podSelector ?? {} });
  const pods = selectedBy(model, bits);
  if (pods.length === 0) return `Selects no pod of namespace ${namespace}.`;
  const shown = pods.slice(0, PODS_NAMED).flatMap((at) => model.input.pods[at]?.name ?? []);
  const more = pods.length - shown.length;
  return `Selects ${pods.length} ${pods.length === 1 ? 'pod' : 'pods'}: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

const PODS_NAMED = 3;

/** `selects 3 pods, Ingress and Egress`. */
export function selectsWords(model: PolicyModel, ref: string): string {
  const found = model.policies.filter(({ policy }) => policy.ref === ref);
  const says = (direction: Direction): boolean => found.some(({ policy }) => policy[direction] !== undefined);
  const count = selectedBy(model, ...found.map(({ subjects }) => subjects)).length;
  const pods = count === 0 ? 'selects no pod' : `selects ${count} ${count === 1 ? 'pod' : 'pods'}`;
  const ways = [...(says('ingress') ? ['Ingress'] : []), ...(says('egress') ? ['Egress'] : [])];
  return ways.length === 0 ? pods : `${pods}, ${ways.join(' and ')}`;
}
