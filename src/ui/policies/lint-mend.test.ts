import { describe, expect, it } from 'vitest';
import { lint } from '../../sim/kube/policy/lint.ts';
import { policyModel } from '../../sim/kube/policy/model.ts';
import type { NetworkPolicyObject, NetworkPolicySpec } from '../../sim/kube/policy-objects.ts';
import { ip } from '../../sim/wire/ip.ts';
import { mend } from './lint-mend.ts';

const pods = ['web', 'db'].map((name, at) => ({
  namespace: name,
  name,
  labels: { app: name },
  ips: [ip(`10.0.0.${at + 1}`)],
  ports: [],
}));

const found = (policy: NetworkPolicyObject) =>
  lint(policyModel({ namespaces: [], pods, nodes: [], policies: [policy] }));

const rows: readonly (readonly [what: string, spec: NetworkPolicySpec, mended: NetworkPolicySpec])[] = [
  [
    'egress rules that policyTypes does not name',
    { policyTypes: ['Ingress'], egress: [{}] },
    { policyTypes: ['Ingress', 'Egress'], egress: [{}] },
  ],
  [
    'an empty list of egress rules without policyTypes',
    { egress: [] },
    { policyTypes: ['Ingress', 'Egress'], egress: [] },
  ],
  [
    'a dash that makes two peers',
    { ingress: [{ from: [{ namespaceSelector: {} }, { podSelector: { matchLabels: { app: 'db' } } }] }] },
    { ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'db' } } }] }] },
  ],
];

describe('a finding that can be mended', () => {
  it.each(rows)('%s', (_what, spec, mended) => {
    const policy: NetworkPolicyObject = { kind: 'NetworkPolicy', namespace: 'web', name: 'one', spec };
    const [finding] = found(policy).filter((one) => mend(one, policy) !== null);
    const after = finding && mend(finding, policy)?.policy;
    expect(after?.spec).toEqual(mended);
    expect(after && found(after).filter((one) => mend(one, after) !== null)).toEqual([]);
  });
});
