/** Few words about policies, as lists and switches show them. */
import { type Bitset, hasBit } from '../../sim/kube/policy/bitset.ts';
import { podRef } from '../../sim/kube/policy/ends.ts';
import type { PolicyPod } from '../../sim/kube/policy/input.ts';
import type { PolicyModel } from '../../sim/kube/policy/model.ts';
import type { Direction } from '../../sim/kube/policy/uniform.ts';
import type { NetworkPolicyObject, PolicyObject } from '../../sim/kube/policy-objects.ts';

/** `shop/deny`; of one that belongs to no namespace, its name. */
export const policyName = (policy: PolicyObject): string =>
  'namespace' in policy ? `${policy.namespace}/${policy.name}` : policy.name;

/** Pods that a policy selects, as `namespace/name`. */
export function selectedPods(model: PolicyModel, ref: string): readonly string[] {
  const found = model.policies.filter(({ policy }) => policy.ref === ref);
  return model.input.pods.filter((pod) => found.some(({ subjects }) => isIn(model, subjects, pod))).map(podRef);
}

const isIn = (model: PolicyModel, bits: Bitset, pod: PolicyPod): boolean => {
  const end = pod.hostNetwork ? undefined : model.ends.ofPod(podRef(pod));
  return end !== undefined && hasBit(bits, end);
};

/** `Selects 3 pods: default/web-1, …` of a policy as it is written now. */
export function selectsOf(model: PolicyModel, { namespace, spec }: NetworkPolicyObject): string {
  const bits = model.ends.found({ kind: 'pods', namespace, pods: spec.podSelector ?? {} });
  const pods = model.input.pods.filter((pod) => isIn(model, bits, pod));
  if (pods.length === 0) return `Selects no pod of namespace ${namespace}.`;
  const shown = pods.slice(0, PODS_NAMED).map(({ name }) => name);
  const more = pods.length - shown.length;
  return `Selects ${pods.length} ${pods.length === 1 ? 'pod' : 'pods'}: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

const PODS_NAMED = 3;

/** `selects 3 pods, Ingress and Egress`. */
export function selectsWords(model: PolicyModel, ref: string): string {
  const found = model.policies.filter(({ policy }) => policy.ref === ref);
  const says = (direction: Direction): boolean => found.some(({ policy }) => policy[direction] !== undefined);
  const count = selectedPods(model, ref).length;
  const pods = count === 0 ? 'selects no pod' : `selects ${count} ${count === 1 ? 'pod' : 'pods'}`;
  const ways = [...(says('ingress') ? ['Ingress'] : []), ...(says('egress') ? ['Egress'] : [])];
  return ways.length === 0 ? pods : `${pods}, ${ways.join(' and ')}`;
}
