/** Policies that are stored and have no effect: who would have to enforce them does not. */
import type { CniDriver } from '../drivers/contract.ts';
import { cniById } from '../drivers/registry.ts';
import type { Cluster } from '../kube/cluster.ts';
import type { ClusterNote } from '../kube/cluster-input.ts';
import { policyRef } from '../kube/cluster-policy.ts';
import type { PolicyKind } from '../kube/policy-objects.ts';
import type { World } from './world.ts';

/** Whether the CNI of the cluster enforces this kind of policies. */
export function isPolicyKindRead({ id, mode }: World['cni'], kind: PolicyKind): boolean {
  const enforced = cniById(id).enforcesPolicies(mode);
  return enforced.by !== null && enforced.kinds.includes(kind);
}

export function policyNotes({ policies = [] }: Cluster, cni: CniDriver, mode: string): readonly ClusterNote[] {
  const enforced = cni.enforcesPolicies(mode);
  // Some hold several rules with selectors of their own.
  const each = new Map(policies.map((policy) => [policyRef(policy), policy]));
  return [...each.values()].flatMap((policy): ClusterNote[] => {
    const isKnown = enforced.by !== null && enforced.kinds.includes(policy.kind);
    const rejected = isKnown ? (enforced.rejects?.(policy) ?? null) : null;
    if (isKnown && rejected === null) return [];
    const why =
      enforced.by === null
        ? enforced.why
        : rejected === null
          ? `${cni.label} does not know ${policy.kind}`
          : `${enforced.by}: ${rejected}`;
    return [{ kind: 'ignored', ref: policyRef(policy), text: `${why}; the policy is stored and has no effect` }];
  });
}
