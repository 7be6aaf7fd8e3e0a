/** Which pods policies isolate: what may come in to them, or leave, is what policies allow. */
import type { World } from '../sim/engine/world.ts';
import { type ClusterPolicy, policyRef } from '../sim/kube/cluster-policy.ts';

export interface Guard {
  readonly ingress: boolean;
  readonly egress: boolean;
  /** Nobody enforces any of the policies that isolate it. */
  readonly isIdle: boolean;
}

/** By `namespace/name`. Only a NetworkPolicy isolates; those of the other tiers add exceptions to what holds without them. */
export function guardsOf({ cluster, notes }: World): ReadonlyMap<string, Guard> {
  const idle = new Set(notes.flatMap(({ kind, ref }) => (kind === 'ignored' ? [ref] : [])));
  const guards = new Map<string, Guard>();
  for (const policy of cluster.policies ?? []) {
    if (policy.tier !== undefined) continue;
    const isIdle = idle.has(policyRef(policy));
    for (const pod of policy.pods) guards.set(pod, withPolicy(guards.get(pod), policy, isIdle));
  }
  return guards;
}

function withPolicy(before: Guard | undefined, { ingress, egress }: ClusterPolicy, isIdle: boolean): Guard {
  return {
    ingress: before?.ingress === true || ingress !== undefined,
    egress: before?.egress === true || egress !== undefined,
    isIdle: isIdle && before?.isIdle !== false,
  };
}

/** For the accessible name: `isolated for ingress`. */
export function guardWords({ ingress, egress, isIdle }: Guard): string {
  const ways = [...(ingress ? ['ingress'] : []), ...(egress ? ['egress'] : [])].join(' and ');
  return isIdle ? `isolated for ${ways} by policies that nobody enforces` : `isolated for ${ways} by policies`;
}
