/** Policies that are stored and have no effect: who would have to enforce them does not. */
import type { CniDriver } from '../drivers/contract.ts';
import type { Cluster } from '../kube/cluster.ts';
import type { ClusterNote } from '../kube/cluster-input.ts';
import { policyRef } from '../kube/cluster-policy.ts';

export function policyNotes({ policies = [] }: Cluster, cni: CniDriver, mode: string): readonly ClusterNote[] {
  const enforced = cni.enforcesPolicies(mode);
  return policies.flatMap((policy): ClusterNote[] => {
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
