import type { LintFinding } from '../../sim/kube/policy/lint-finding.ts';
import type { NetworkPolicyObject, PolicyType } from '../../sim/kube/policy-objects.ts';

interface Mend {
  readonly label: string;
  readonly policy: NetworkPolicyObject;
}

/** The policy without the mistake, where only one thing can have been meant; else null. */
export function mend({ kind, path }: LintFinding, policy: NetworkPolicyObject): Mend | null {
  const { spec } = policy;
  const [, list, index, field, at] = path;
  if (kind === 'types-against-rules' && (list === 'ingress' || list === 'egress')) {
    const type: PolicyType = list === 'ingress' ? 'Ingress' : 'Egress';
    const policyTypes = [...(spec.policyTypes ?? (['Ingress'] as const)), type];
    return { label: `Add ${type} to policyTypes`, policy: { ...policy, spec: { ...spec, policyTypes } } };
  }
  if (kind !== 'and-or' || typeof index !== 'number' || typeof at !== 'number') return null;
  if (list === 'ingress' && field === 'from') {
    const ingress = (spec.ingress ?? []).map((rule, i) =>
      i === index ? { ...rule, from: joined(rule.from, at) } : rule,
    );
    return { label: 'Make it one peer', policy: { ...policy, spec: { ...spec, ingress } } };
  }
  const egress = (spec.egress ?? []).map((rule, i) => (i === index ? { ...rule, to: joined(rule.to, at) } : rule));
  return { label: 'Make it one peer', policy: { ...policy, spec: { ...spec, egress } } };
}

/** The peer at a position and the one before it as one: both of their selectors must hold. */
function joined<Peer extends object>(peers: readonly Peer[] | undefined = [], at: number): readonly Peer[] {
  const [before, here] = [peers[at - 1], peers[at]];
  if (!before || !here) return peers;
  return [...peers.slice(0, at - 1), { ...before, ...here }, ...peers.slice(at + 1)];
}
