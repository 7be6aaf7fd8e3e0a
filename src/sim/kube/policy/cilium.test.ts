/** Cilium's policies: whom they find, what they close, and that denials win. */
import { describe, expect, it } from 'vitest';
import { ip } from '../../wire/ip.ts';
import type { CiliumRule } from '../cilium-policy-objects.ts';
import type { PolicyObject } from '../policy-objects.ts';
import { explain } from './explain.ts';
import type { PolicyInput, PolicyPod } from './input.ts';
import { type EndRef, policyModel } from './model.ts';
import { resolvePolicies } from './resolve.ts';
import { verdictOf } from './verdict.ts';
import { explanationText } from './words.ts';

const pod = (namespace: string, name: string, last: number, node: string): PolicyPod => ({
  namespace,
  name,
  labels: { app: name, 'pod-template-hash': 'x' },
  ips: [ip(`10.244.1.${last}`)],
  node,
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
});

const input: PolicyInput = {
  namespaces: [
    { name: 'shop', labels: {} },
    { name: 'ops', labels: { team: 'sre' } },
  ],
  pods: [pod('shop', 'api', 2, 'node-2'), pod('shop', 'web', 3, 'node-3'), pod('ops', 'probe', 4, 'node-3')],
  nodes: [
    {
      name: 'node-1',
      ips: [ip('192.168.56.11')],
      labels: { 'node-role.kubernetes.io/control-plane': '' },
    },
    { name: 'node-2', ips: [ip('192.168.56.12')], labels: {} },
    { name: 'node-3', ips: [ip('192.168.56.13')], labels: {} },
  ],
  policies: [],
};

const API = { matchLabels: { app: 'api' } };
const cnp = (spec: Partial<CiliumRule>, name = 'p'): PolicyObject => ({
  kind: 'CiliumNetworkPolicy',
  namespace: 'shop',
  name,
  spec: { endpointSelector: API, ...spec },
});
const to: EndRef = { kind: 'pod', ref: 'shop/api' };
const WHO: Readonly<Record<string, EndRef>> = {
  web: { kind: 'pod', ref: 'shop/web' },
  probe: { kind: 'pod', ref: 'ops/probe' },
  master: { kind: 'node', name: 'node-1' },
  own: { kind: 'node', name: 'node-2' },
  node: { kind: 'node', name: 'node-3' },
  client: { kind: 'ip', ip: ip('203.0.113.10') },
};

/** Who reaches the api on TCP 8080. */
const reach = (...policies: readonly PolicyObject[]): readonly string[] => {
  const model = policyModel({ ...input, policies });
  return Object.entries(WHO).flatMap(([name, from]) =>
    verdictOf(model, { from, to, protocol: 'TCP', port: 8080 }).isAllowed ? [name] : [],
  );
};

const EVERYBODY = Object.keys(WHO);

describe('whom a rule finds', () => {
  it.each<[string, Partial<CiliumRule>, readonly string[]]>([
    ['an empty list of rules closes nothing', { ingress: [] }, EVERYBODY],
    ['an empty rule closes', { ingress: [{}] }, ['own']],
    ['an empty list of peers finds nobody', { ingress: [{ fromEndpoints: [] }] }, ['own']],
    ['an empty selector finds the namespace', { ingress: [{ fromEndpoints: [{}] }] }, ['web', 'own']],
    [
      'another namespace by name',
      { ingress: [{ fromEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'ops' } }] }] },
      ['probe', 'own'],
    ],
    [
      'another namespace by label',
      { ingress: [{ fromEndpoints: [{ matchLabels: { 'io.cilium.k8s.namespace.labels.team': 'sre' } }] }] },
      ['probe', 'own'],
    ],
    [
      'every namespace',
      {
        ingress: [
          { fromEndpoints: [{ matchExpressions: [{ key: 'k8s:io.kubernetes.pod.namespace', operator: 'Exists' }] }] },
        ],
      },
      ['web', 'probe', 'own'],
    ],
    [
      'nobody by a label that is no part of an identity',
      { ingress: [{ fromEndpoints: [{ matchLabels: { 'pod-template-hash': 'x' } }] }] },
      ['own'],
    ],
    [
      'somebody by a reserved label',
      { ingress: [{ fromEndpoints: [{ matchLabels: { 'reserved:remote-node': '' } }] }] },
      ['master', 'own', 'node'],
    ],
    ['the world', { ingress: [{ fromEntities: ['world'] }] }, ['own', 'client']],
    ['the cluster', { ingress: [{ fromEntities: ['cluster'] }] }, ['web', 'probe', 'master', 'own', 'node']],
    ['the API server', { ingress: [{ fromEntities: ['kube-apiserver'] }] }, ['master', 'own']],
    ['other nodes', { ingress: [{ fromEntities: ['remote-node'] }] }, ['master', 'own', 'node']],
    ['its own node', { ingress: [{ fromEntities: ['host'] }] }, ['own']],
    ['all', { ingress: [{ fromEntities: ['all'] }] }, EVERYBODY],
    ['a network finds neither pods nor nodes', { ingress: [{ fromCIDR: ['0.0.0.0/0'] }] }, ['own', 'client']],
    ['one address', { ingress: [{ fromCIDR: ['203.0.113.10'] }] }, ['own', 'client']],
    [
      'a network with a hole',
      { ingress: [{ fromCIDRSet: [{ cidr: '203.0.113.0/24', except: ['203.0.113.8/29'] }] }] },
      ['own'],
    ],
    ['ports without peers are for everybody', { ingress: [{ toPorts: [{ ports: [{ port: '8080' }] }] }] }, EVERYBODY],
    ['a port by name', { ingress: [{ toPorts: [{ ports: [{ port: 'HTTP', protocol: 'TCP' }] }] }] }, EVERYBODY],
    [
      'a port of another protocol',
      { ingress: [{ toPorts: [{ ports: [{ port: '8080', protocol: 'UDP' }] }] }] },
      ['own'],
    ],
    ['a range', { ingress: [{ toPorts: [{ ports: [{ port: '8000', endPort: 8100 }] }] }] }, EVERYBODY],
    ['every port as 0', { ingress: [{ toPorts: [{ ports: [{ port: '0', protocol: 'TCP' }] }] }] }, EVERYBODY],
    ['a denial alone closes everything', { ingressDeny: [{ fromEndpoints: [{}] }] }, ['own']],
    [
      'a denial goes before an allowance',
      { ingress: [{ fromEntities: ['all'] }], ingressDeny: [{ fromEndpoints: [{}] }] },
      ['probe', 'master', 'own', 'node', 'client'],
    ],
    [
      'without default deny a denial closes only what it says',
      { enableDefaultDeny: { ingress: false }, ingressDeny: [{ fromEndpoints: [{}] }] },
      ['probe', 'master', 'own', 'node', 'client'],
    ],
    [
      'without default deny an allowance closes nothing',
      { enableDefaultDeny: { ingress: false }, ingress: [{}] },
      EVERYBODY,
    ],
    ['default deny alone closes', { enableDefaultDeny: { ingress: true }, egress: [{}] }, ['own']],
  ])('%s', (_name, spec, expected) => {
    expect(reach(cnp(spec))).toEqual(expected);
  });

  it('across policies: what one denies, no other allows, be it of Kubernetes', () => {
    const open: PolicyObject = {
      kind: 'NetworkPolicy',
      namespace: 'shop',
      name: 'open',
      spec: { podSelector: API, ingress: [{}] },
    };
    expect(reach(open, cnp({ ingressDeny: [{ fromEntities: ['world'] }] }))).toEqual([
      'web',
      'probe',
      'master',
      'own',
      'node',
    ]);
  });

  it('clusterwide: pods of every namespace, and an empty selector is every pod', () => {
    const all: PolicyObject = {
      kind: 'CiliumClusterwideNetworkPolicy',
      name: 'all',
      spec: { endpointSelector: {}, ingress: [{ fromEndpoints: [{}] }] },
    };
    expect(reach(all)).toEqual(['web', 'probe', 'own']);
  });

  it('of a namespace: never pods of another, whatever its selector says', () => {
    const stray = cnp({
      endpointSelector: { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'ops' } },
      ingress: [{}],
    });
    expect(resolvePolicies({ ...input, policies: [stray] }).map(({ pods }) => pods)).toEqual([[]]);
  });
});

describe('the reasons', () => {
  it.each<[string, Partial<CiliumRule>, EndRef | undefined, string]>([
    [
      'a rule by its field',
      { ingress: [{ fromEndpoints: [{}] }] },
      WHO.probe,
      'ingress: CiliumNetworkPolicy shop/p selects app=api, but its from: wants pods of namespace shop; this pod is in ops',
    ],
    [
      'an entity',
      { ingress: [{ fromEntities: ['world'] }] },
      WHO.web,
      'ingress: CiliumNetworkPolicy shop/p selects app=api, but its from: wants the world outside; this is not',
    ],
    [
      'an empty rule',
      { ingress: [{}] },
      WHO.web,
      'ingress: CiliumNetworkPolicy shop/p selects app=api, and has no ingress rules: nothing may pass',
    ],
    [
      'a denial, and not the allowance beside it',
      { ingress: [{ fromEntities: ['all'] }], ingressDeny: [{ fromEntities: ['cluster'] }] },
      WHO.web,
      'ingress: CiliumNetworkPolicy shop/p selects app=api, and rule ingressDeny[0] denies it',
    ],
  ])('name %s', (_name, spec, from, line) => {
    const model = policyModel({ ...input, policies: [cnp(spec)] });
    const said = explain(model, { from: from as EndRef, to, protocol: 'TCP', port: 8080 });
    expect(explanationText(said)).toContain(line);
  });

  it('say what is missing where a name of the world is wanted', () => {
    const model = policyModel({
      ...input,
      policies: [cnp({ egress: [{ toFQDNs: [{ matchName: 'example.com' }] }] })],
    });
    const from: EndRef = { kind: 'pod', ref: 'shop/api' };
    const said = explain(model, { from, to: WHO.client as EndRef, protocol: 'TCP', port: 443 });
    expect(said.verdict.isAllowed).toBe(false);
    expect(said.egress.policies[0]?.word).toBe('cannot tell');
  });
});
