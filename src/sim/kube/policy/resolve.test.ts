import { describe, expect, it } from 'vitest';
import { ip } from '../../wire/ip.ts';
import type { NetworkPolicyObject, PolicyObject } from '../policy-objects.ts';
import type { PolicyInput, PolicyPod } from './input.ts';
import { resolvePolicies } from './resolve.ts';

const pod = (namespace: string, name: string, address: string, more: Partial<PolicyPod> = {}): PolicyPod => ({
  namespace,
  name,
  labels: { app: name },
  ips: [ip(address)],
  node: 'node-1',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  ...more,
});
const cluster: Omit<PolicyInput, 'policies'> = {
  namespaces: [
    { name: 'shop', labels: { team: 'a' } },
    { name: 'ops', labels: {} },
  ],
  pods: [
    pod('shop', 'web', '10.244.1.2'),
    pod('shop', 'db', '10.244.1.3', { ports: [{ name: 'http', port: 80, protocol: 'UDP' }] }),
    pod('ops', 'web', '10.244.2.2'),
    pod('shop', 'agent', '192.168.56.11', { hostNetwork: true }),
  ],
  nodes: [{ name: 'node-1', ips: [ip('192.168.56.11')], labels: { disk: 'ssd' } }],
};
const network = (spec: NetworkPolicyObject['spec']): PolicyObject => ({
  kind: 'NetworkPolicy',
  namespace: 'shop',
  name: 'p',
  spec,
});
const resolve = (policy: PolicyObject) => resolvePolicies({ ...cluster, policies: [policy] })[0];

describe('a NetworkPolicy', () => {
  it('selects pods of its namespace, and none on the host network', () => {
    expect(resolve(network({}))?.pods).toEqual(['shop/web', 'shop/db']);
  });

  it('without rules closes a direction; what it does not concern stays away', () => {
    expect(resolve(network({}))).toMatchObject({ kind: 'NetworkPolicy', ingress: [] });
    expect(resolve(network({}))).not.toHaveProperty('egress');
  });

  it('keeps rules apart that its types leave out', () => {
    const policy = resolve(network({ policyTypes: ['Egress'], ingress: [{ ports: [{ port: 80 }] }] }));
    expect(policy).toMatchObject({
      egress: [],
      idle: { ingress: [{ ports: [{ protocol: 'tcp', from: 80, to: 80 }] }] },
    });
    expect(policy).not.toHaveProperty('ingress');
  });

  it.each([
    [{ podSelector: {} }, 'every pod', ['10.244.1.2', '10.244.1.3']],
    [{ namespaceSelector: {} }, 'every pod of every namespace', ['10.244.1.2', '10.244.1.3', '10.244.2.2']],
    [
      { podSelector: { matchLabels: { app: 'web' } }, namespaceSelector: { matchLabels: { team: 'a' } } },
      'app=web of namespaces with team=a',
      ['10.244.1.2'],
    ],
  ])('finds the addresses of a peer: %j', (peer, selector, ips) => {
    expect(resolve(network({ ingress: [{ from: [peer] }] }))?.ingress?.[0]?.peers).toMatchObject([
      { kind: 'pods', selector, ips },
    ]);
  });

  it('keeps a peer that is nobody apart from no peer', () => {
    expect(resolve(network({ ingress: [{ from: [{ ipBlock: { cidr: 'x' } }] }, {}] }))?.ingress).toEqual([
      { peers: [{ kind: 'pods', selector: 'nobody', ips: [] }] },
      {},
    ]);
  });

  it('looks a name of a port up on every pod, in its protocol', () => {
    const ports = [{ port: 'http' }, { protocol: 'UDP' as const }, { port: 80, endPort: 90 }];
    expect(resolve(network({ ingress: [{ ports }] }))?.ingress?.[0]?.ports).toEqual([
      {
        name: 'http',
        protocol: 'tcp',
        ports: [
          { ip: '10.244.1.2', port: 8080, protocol: 'tcp' },
          { ip: '10.244.2.2', port: 8080, protocol: 'tcp' },
        ],
      },
      { protocol: 'udp' },
      { protocol: 'tcp', from: 80, to: 90 },
    ]);
  });
});

describe('an AdminNetworkPolicy', () => {
  const admin: PolicyObject = {
    kind: 'AdminNetworkPolicy',
    name: 'guard',
    spec: {
      priority: 7,
      subject: { namespaces: { matchLabels: { team: 'a' } } },
      egress: [
        { name: 'no', action: 'Deny', to: [{ networks: ['10.0.0.0/8', '192.0.2.0/24'] }, { nodes: {} }] },
        { action: 'Pass', to: [{ domainNames: ['*.example.org'] }] },
      ],
    },
  };

  it('keeps tier, priority, actions and what its peers are', () => {
    expect(resolve(admin)).toMatchObject({
      tier: 'Admin',
      priority: 7,
      namespace: '',
      pods: ['shop/web', 'shop/db'],
      egress: [
        {
          name: 'no',
          action: 'Deny',
          peers: [
            { kind: 'nets', cidrs: [{ text: '10.0.0.0/8' }, { text: '192.0.2.0/24' }] },
            { kind: 'nodes', ips: ['192.168.56.11'] },
          ],
        },
        { action: 'Pass', peers: [{ kind: 'domains', names: ['*.example.org'] }] },
      ],
    });
    expect(resolve(admin)).not.toHaveProperty('ingress');
  });

  it('that is switched off is not among them', () => {
    const off = new Set(['AdminNetworkPolicy guard']);
    expect(resolvePolicies({ ...cluster, policies: [admin], off })).toEqual([]);
  });
});
