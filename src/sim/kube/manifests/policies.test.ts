/** Policies as people write them: what is kept, what is refused and where, and the YAML that comes out again. */
import { describe, expect, it } from 'vitest';
import { printManifestError, readManifests } from './parse.ts';
import { writeManifests } from './write.ts';

const policy = (spec: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, namespace: shop}\nspec: ${spec}\n`;
const admin = (kind: string, spec: string, version = 'v1alpha1', name = 'default'): string =>
  `apiVersion: policy.networking.k8s.io/${version}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

describe('a policy is kept', () => {
  it.each<[string, string, object]>([
    [
      'without what says the default',
      '{podSelector: {}, ingress: [{from: [], ports: [{protocol: TCP, port: 80}]}]}',
      { ingress: [{ ports: [{ port: 80 }] }] },
    ],
    [
      'with rules that are empty, because they close',
      '{podSelector: {matchLabels: {app: db}}, ingress: []}',
      { podSelector: { matchLabels: { app: 'db' } }, ingress: [] },
    ],
    ['with null as nothing', '{podSelector: null, policyTypes: [Egress], egress: null}', { policyTypes: ['Egress'] }],
    [
      'with an empty selector in a peer, which means all pods',
      '{ingress: [{from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {}}}]}]}',
      { ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: {} }] }] },
    ],
    [
      'with leading zeros of a network as decimals',
      '{egress: [{to: [{ipBlock: {cidr: 010.0.0.0/8, except: [10.08.0.0/16]}}]}]}',
      { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.8.0.0/16'] } }] }] },
    ],
  ])('%s', (_name, spec, kept) => {
    const { objects, errors } = readManifests(policy(spec));
    expect(errors).toEqual([]);
    expect(objects).toEqual([{ kind: 'NetworkPolicy', namespace: 'shop', name: 'db', spec: kept }]);
    expect(readManifests(writeManifests(objects)).objects).toEqual(objects);
  });

  it('and so are those of a cluster, which have no namespace', () => {
    const { objects } = readManifests(
      admin(
        'ClusterNetworkPolicy',
        '{tier: Admin, priority: 5, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 80}}}]}]}',
        'v1alpha2',
      ),
    );
    expect(objects).toEqual([
      {
        kind: 'ClusterNetworkPolicy',
        name: 'default',
        spec: {
          tier: 'Admin',
          priority: 5,
          subject: { namespaces: {} },
          ingress: [
            { action: 'Deny', from: [{ namespaces: {} }], protocols: [{ tcp: { destinationPort: { number: 80 } } }] },
          ],
        },
      },
    ]);
  });

  it('and all of it is modelled', () => {
    expect(readManifests(policy('{}')).notModelled).toEqual([]);
  });
});

describe('a policy is refused', () => {
  it.each<[string, string, ...string[]]>([
    [
      'with an unknown field',
      policy('{podSelector: {}, ingres: []}'),
      'line 4, NetworkPolicy shop/db: strict decoding error: unknown field "spec.ingres"',
    ],
    [
      'with an object for a list',
      policy('{ingress: {from: []}}'),
      'line 4, NetworkPolicy shop/db: json: cannot unmarshal object into Go struct field NetworkPolicySpec.spec.ingress of type []v1.NetworkPolicyIngressRule',
    ],
    [
      'with a number for a word, and a word for a list of words',
      policy('{policyTypes: Ingress, ingress: [{ports: [{protocol: 6, port: 80.5, endPort: "90"}]}]}'),
      'line 4, NetworkPolicy shop/db: json: cannot unmarshal string into Go struct field NetworkPolicySpec.spec.policyTypes of type []v1.PolicyType',
      'line 4, NetworkPolicy shop/db: json: cannot unmarshal number into Go struct field NetworkPolicyPort.spec.ingress.ports.protocol of type v1.Protocol',
      'line 4, NetworkPolicy shop/db: json: cannot unmarshal number 80.5 into Go value of type int32',
      'line 4, NetworkPolicy shop/db: json: cannot unmarshal string into Go struct field NetworkPolicyPort.spec.ingress.ports.endPort of type int32',
    ],
    [
      'with an empty peer',
      policy('{ingress: [{from: [{}]}]}'),
      'line 4, NetworkPolicy shop/db: spec.ingress[0].from[0]: Required value: must specify a peer',
    ],
    [
      'with an end before its beginning',
      policy('{ingress: [{ports: [{port: 90, endPort: 80}]}]}'),
      'line 4, NetworkPolicy shop/db: spec.ingress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`',
    ],
    [
      'of a version that is gone',
      'apiVersion: networking.k8s.io/v1beta1\nkind: NetworkPolicy\nmetadata: {name: a}\n',
      'line 1, NetworkPolicy default/a: no matches for kind "NetworkPolicy" in version "networking.k8s.io/v1beta1": expected networking.k8s.io/v1',
    ],
    [
      'with a word for a number, as a custom kind',
      admin('AdminNetworkPolicy', '{priority: high, subject: {namespaces: {}}}'),
      'line 4, AdminNetworkPolicy default: spec.priority: Invalid value: "string": spec.priority in body must be of type integer: "string"',
    ],
    [
      'as a second baseline',
      admin('BaselineAdminNetworkPolicy', '{subject: {namespaces: {}}}', 'v1alpha1', 'other'),
      'line 3, BaselineAdminNetworkPolicy other: <nil>: Invalid value: "object": Only one baseline admin network policy with metadata.name="default" can be created in the cluster',
    ],
    [
      'with a priority beyond the last',
      admin('AdminNetworkPolicy', '{priority: 1001, subject: {namespaces: {}}}'),
      'line 4, AdminNetworkPolicy default: spec.priority: Invalid value: 1001: spec.priority in body should be less than or equal to 1000',
    ],
    [
      'with two subjects',
      admin(
        'AdminNetworkPolicy',
        '{priority: 1, subject: {namespaces: {}, pods: {namespaceSelector: {}, podSelector: {}}}}',
      ),
      'line 4, AdminNetworkPolicy default: spec.subject: Too many: 2: must have at most 1 items',
    ],
    [
      'with a range of one port',
      admin(
        'ClusterNetworkPolicy',
        '{tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: {range: {start: 80, end: 80}}}}]}]}',
        'v1alpha2',
      ),
      'line 4, ClusterNetworkPolicy default: spec.egress[0].protocols[0].udp.destinationPort.range: Invalid value: "object": Start port must be less than End port',
    ],
  ])('%s', (_name, text, ...errors) => {
    const withoutColumn = (line: string): string => line.replace(/, column \d+ \(document 1\)/, '');
    expect(readManifests(text).errors.map(printManifestError).map(withoutColumn)).toEqual(errors);
  });
});
