/** Policies that are stored and have no effect: who would have to enforce them does not. */
import type { CniDriver } from '../drivers/contract.ts';
import type { Cluster } from '../kube/cluster.ts';
import type { ClusterNote } from '../kube/cluster-input.ts';
import { policyRef } from '../kube/cluster-policy.ts';

export function policyNotes({ policies = [] }: Cluster, cni: CniDriver, mode: string): readonly ClusterNote[] {
  const enforced = cni.enforcesPolicies(mode);
  return policies.flatMap((policy): ClusterNote[] => {
    if (enforced.by !== null && enforced.kinds.includes(policy.kind)) return [];
    const why = enforced.by === null ? enforced.why : `${cni.label} does not know ${policy.kind}`;
    return [{ kind: 'ignored', ref: policyRef(policy), text: `${why}; the policy is stored and has no effect` }];
  });
}
