import { describe, expect, it } from 'vitest';
import { cidr, ip } from '../../wire/ip.ts';
import { readManifests } from '../manifests/parse.ts';
import { isPolicy } from '../policy-objects.ts';
import { pathText } from '../validate/field-error.ts';
import type { PolicyInput, PolicyPod } from './input.ts';
import { lint } from './lint.ts';
import type { LintSurroundings } from './lint-finding.ts';
import { policyModel } from './model.ts';

const pod = (
  namespace: string,
  name: string,
  labels: Record<string, string>,
  more: Partial<PolicyPod> = {},
): PolicyPod => ({
  namespace,
  name,
  labels: { app: name, ...labels },
  ips: [ip(`10.244.0.${name.length + 1}`)],
  node: 'node-1',
  ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  ...more,
});

const input: PolicyInput = {
  namespaces: [
    { name: 'shop', labels: { team: 'a' } },
    { name: 'tools', labels: { team: 'b' } },
  ],
  pods: [
    pod('shop', 'web', { role: 'web' }),
    pod('shop', 'db', {}),
    pod('tools', 'scan', { role: 'web' }),
    pod('tools', 'other', {}),
    pod('shop', 'agent', {}, { hostNetwork: true }),
    pod('kube-system', 'coredns', { 'k8s-app': 'kube-dns' }),
  ],
  nodes: [{ name: 'node-1', ips: [ip('192.168.56.11')], labels: {} }],
  policies: [],
};

const policy = (spec: string, name = 'p'): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
const admin = (name: string, rules: string): string =>
  `---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: ${name}}\nspec: {tier: Admin, priority: 1, subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}, ${rules}}\n`;

function findings(yaml: string, surroundings: LintSurroundings = {}): readonly string[] {
  const { objects, errors } = readManifests(yaml);
  expect(errors).toEqual([]);
  return lint(policyModel({ ...input, policies: objects.filter(isPolicy) }), surroundings).map(
    ({ kind, path, text }) => `${kind} ${pathText(path)}: ${text}`,
  );
}

const DB = 'podSelector: {matchLabels: {app: db}}';

describe('a policy that is most likely not meant so', () => {
  it.each<[string, string, string[]]>([
    [
      'selects nothing',
      policy('{podSelector: {matchLabels: {app: dbb}}}'),
      ['selects-nothing spec.podSelector: selects app=dbb in namespace shop, and there is none: it has no effect'],
    ],
    [
      'wants nobody',
      policy(`{${DB}, ingress: [{from: [{podSelector: {matchLabels: {app: scan}}}]}]}`),
      ['finds-nobody spec.ingress[0].from[0]: wants app=scan in namespace shop, and there is none'],
    ],
    [
      'names a port that nobody declares',
      policy(`{${DB}, ingress: [{ports: [{port: sql}, {port: http}, {protocol: UDP, port: http}]}]}`),
      [
        'unknown-port spec.ingress[0].ports[0]: no pod that it is about declares a port sql of TCP: it matches nothing',
        'unknown-port spec.ingress[0].ports[2]: no pod that it is about declares a port http of UDP: it matches nothing',
      ],
    ],
    [
      'has rules that its types leave out',
      policy(`{${DB}, policyTypes: [Ingress], ingress: [{}], egress: [{}]}`),
      ['types-against-rules spec.egress: policyTypes does not name Egress: these rules have no effect'],
    ],
    [
      'closes nothing, because a list is empty',
      policy(`{${DB}, egress: []}`),
      [
        'types-against-rules spec.egress: closes nothing: without policyTypes an empty list of egress rules counts as none',
      ],
    ],
    [
      'forgets DNS',
      policy(`{${DB}, egress: [{to: [{podSelector: {}}]}]}`),
      ['no-dns spec.egress: shop/db cannot resolve names any more: nothing lets them reach kube-dns on UDP port 53'],
    ],
    [
      'forgets that DNS is TCP, too',
      policy(`{${DB}, egress: [{ports: [{protocol: UDP, port: 53}]}]}`),
      ['no-dns spec.egress: shop/db can ask kube-dns over UDP, but not over TCP, which long answers need'],
    ],
    [
      'has a dash too many',
      policy(
        `{${DB}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {matchLabels: {role: web}}}]}]}`,
      ),
      [
        'and-or spec.ingress[0].from[1]: the dash makes this another peer: role=web of shop, OR every pod of namespaces with team=b (3 pods here). Without it both must hold (1 pod here)',
      ],
    ],
    [
      'selects a pod out of reach',
      policy('{podSelector: {matchLabels: {app: agent}}}'),
      [
        'selects-nothing spec.podSelector: selects app=agent in namespace shop, and there is none: it has no effect',
        "host-network spec.podSelector: shop/agent would be selected, but is on its node's network, where policies do not reach",
      ],
    ],
    [
      'has the priority of another',
      admin('one', 'ingress: [{action: Deny, from: [{namespaces: {}}]}]') +
        admin('two', 'ingress: [{action: Pass, from: [{namespaces: {}}]}]'),
      [
        'same-priority spec.priority: ClusterNetworkPolicy two has the same priority: which of the two is asked first is undefined',
        'same-priority spec.priority: ClusterNetworkPolicy one has the same priority: which of the two is asked first is undefined',
      ],
    ],
    [
      'names domains',
      admin('one', 'egress: [{action: Accept, to: [{domainNames: [example.com]}]}]'),
      [
        'domain-names spec.egress[0].to[0]: which addresses example.com has is not known here: the rule is taken to match nothing',
      ],
    ],
    [
      'has a range that ends before it begins, and names a domain behind two networks',
      'apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: one}\nspec: {priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [10.0.0.0/8, 192.0.2.0/24]}, {domainNames: [example.com]}], ports: [{portRange: {start: 90, end: 80}}]}]}\n',
      [
        'domain-names spec.egress[0].to[1]: which addresses example.com has is not known here: the rule is taken to match nothing',
        'empty-range spec.egress[0].ports[0]: TCP 90 to 80 ends before it begins: it matches nothing',
        "host-network spec.subject: shop/agent would be selected, but is on its node's network, where policies do not reach",
      ],
    ],
  ])('%s', (_name, yaml, expected) => {
    expect([...findings(yaml)].sort()).toEqual([...expected].sort());
  });

  it('is told so where the surroundings make it one', () => {
    const nets = policy(
      `{${DB}, ingress: [{from: [{ipBlock: {cidr: 10.244.3.0/24}}, {ipBlock: {cidr: 10.96.0.10/32}}, {ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80, endPort: 90}, {port: http}]}]}`,
    );
    expect(
      findings(nets, {
        podCIDRs: [cidr('10.244.0.0/16')],
        serviceCIDRs: [cidr('10.96.0.0/12')],
        cni: { name: 'Weave Net', enforces: true, lacks: ['endPort', 'namedPort'] },
      }),
    ).toEqual([
      'pod-network spec.ingress[0].from[0].ipBlock.cidr: 10.244.3.0/24 lies in the pod network 10.244.0.0/16: addresses of pods change, and Cilium finds no pod by them. Select pods by labels',
      "service-network spec.ingress[0].from[1].ipBlock.cidr: 10.96.0.10/32 lies in the Service network 10.96.0.0/12: a Service's address is translated before policies see the packet, so this matches nothing",
      'not-enforced spec.ingress[0].ports[0].endPort: Weave Net knows no endPort: only port 80 counts',
      'not-enforced spec.ingress[0].ports[1].port: Weave Net knows no named ports: it does not enforce this policy',
    ]);
    expect(findings(policy(`{${DB}}`), { cni: { name: 'Flannel', enforces: false } })).toEqual([
      'not-enforced spec: Flannel stores policies and enforces none: this one has no effect',
    ]);
  });
});

describe('a policy that is sound', () => {
  it.each([
    ['closes what it selects', policy(`{${DB}}`)],
    [
      'lets its pods ask for names',
      policy(`{${DB}, egress: [{ports: [{protocol: UDP, port: 53}, {port: 53}]}, {to: [{podSelector: {}}]}]}`),
    ],
    [
      'joins two selectors',
      policy(
        `{${DB}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {role: web}}}]}]}`,
      ),
    ],
    [
      'is helped by another',
      policy(`{${DB}, policyTypes: [Egress]}`) +
        '---\n' +
        policy(`{${DB}, egress: [{ports: [{protocol: UDP, port: 53}, {port: 53}]}]}`, 'dns'),
    ],
  ])('and %s is left in peace', (_name, yaml) => {
    expect(findings(yaml)).toEqual([]);
  });
});
