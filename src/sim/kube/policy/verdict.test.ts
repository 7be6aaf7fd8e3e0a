/** Corners of the specification, each with what the verdict rests on. */
import { describe, expect, it } from 'vitest';
import { ip } from '../../wire/ip.ts';
import type { NetworkPolicySpec } from '../policy-objects.ts';
import type { PolicyInput, PolicyProfile } from './input.ts';
import { type EndRef, policyModel } from './model.ts';
import type { PolicyProtocol } from './port-sets.ts';
import { verdictOf } from './verdict.ts';

const input: PolicyInput = {
  namespaces: [{ name: 'shop', labels: { team: 'a' } }],
  pods: [
    {
      namespace: 'shop',
      name: 'db',
      labels: { app: 'db' },
      ips: [ip('10.244.1.2'), ip('fd00::2')],
      node: 'node-1',
      ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    },
    {
      namespace: 'shop',
      name: 'web',
      labels: { app: 'web' },
      ips: [ip('10.244.2.3'), ip('fd00::3')],
      node: 'node-2',
      ports: [{ name: 'sql', port: 80, protocol: 'TCP' }],
    },
    {
      namespace: 'shop',
      name: 'agent',
      labels: { app: 'web' },
      ips: [ip('192.168.56.12')],
      node: 'node-2',
      hostNetwork: true,
      ports: [],
    },
    { namespace: 'lost', name: 'new', labels: {}, ips: [], ports: [] },
  ],
  nodes: [
    { name: 'node-1', ips: [ip('192.168.56.11')], labels: {} },
    { name: 'node-2', ips: [ip('192.168.56.12')], labels: {} },
  ],
  policies: [],
};

const END: Readonly<Record<string, EndRef>> = {
  db: { kind: 'pod', ref: 'shop/db' },
  web: { kind: 'pod', ref: 'shop/web' },
  agent: { kind: 'pod', ref: 'shop/agent' },
  new: { kind: 'pod', ref: 'lost/new' },
  nobody: { kind: 'pod', ref: 'shop/nobody' },
  'node-1': { kind: 'node', name: 'node-1' },
  'node-2': { kind: 'node', name: 'node-2' },
};
const endOf = (name: string): EndRef => END[name] ?? { kind: 'ip', ip: ip(name) };

/** `web > db TCP 80`: what one policy on app=db says. */
function said(probe: string, spec: NetworkPolicySpec, profile: Partial<PolicyProfile> = {}): string {
  const [from = '', , to = '', protocol = '', port = '0'] = probe.split(' ');
  const policies = [
    {
      kind: 'NetworkPolicy',
      namespace: 'shop',
      name: 'db',
      spec: { podSelector: { matchLabels: { app: 'db' } }, ...spec },
    } as const,
  ];
  const { egress, ingress } = verdictOf(policyModel({ ...input, policies, profile }), {
    from: endOf(from),
    to: endOf(to),
    protocol: protocol as PolicyProtocol,
    port: Number(port),
  });
  const word = ({ isAllowed, basis }: typeof egress) => `${isAllowed ? 'yes' : 'no'} (${basis})`;
  return `${word(egress)}, ${word(ingress)}`;
}

const CLOSED: NetworkPolicySpec = { policyTypes: ['Ingress', 'Egress'] };
const FREE = 'yes (not-isolated)';

describe('what is no question of policies', () => {
  it.each([
    ['web > db TCP 80', `${FREE}, no (policy)`],
    ['db > db TCP 80', 'yes (self), yes (self)'],
    ['10.244.1.2 > db TCP 80', 'yes (self), yes (self)'],
    ['node-1 > db TCP 80', 'yes (host-network), yes (own-node)'],
    ['192.168.56.11 > db TCP 80', 'yes (host-network), yes (own-node)'],
    ['node-2 > db TCP 80', 'yes (host-network), no (policy)'],
    ['agent > db TCP 80', 'yes (host-network), no (policy)'],
    ['agent > web TCP 80', 'yes (host-network), yes (own-node)'],
    ['db > node-1 TCP 10250', 'yes (own-node), yes (host-network)'],
    ['db > 8.8.8.8 UDP 53', 'no (policy), yes (outside)'],
    ['new > web TCP 80', `${FREE}, ${FREE}`],
    ['web > nobody TCP 80', 'no (unknown-end), no (unknown-end)'],
    ['web > db OTHER 0', `${FREE}, no (undefined)`],
  ])('%s: %s', (probe, expected) => {
    expect(said(probe, CLOSED)).toBe(expected);
  });

  it('but an analyser may judge a pod that calls itself', () => {
    expect(said('db > db TCP 80', CLOSED, { judgesSelf: true })).toBe('no (policy), no (policy)');
  });
});

describe('an address', () => {
  const net = (cidr: string): NetworkPolicySpec => ({ ingress: [{ from: [{ ipBlock: { cidr } }] }] });
  it.each([
    ['of a pod is found by ipBlock', '10.244.2.0/24', 'web > db TCP 80', {}, 'yes (policy)'],
    [
      'of a pod is not found where the identity wins',
      '10.244.2.0/24',
      'web > db TCP 80',
      { ipBlockFindsPods: false },
      'no (policy)',
    ],
    ['of the other family is another one', '0.0.0.0/0', 'fd00::3 > db TCP 80', {}, 'no (policy)'],
    ['of IPv6 is found by its own network', 'fd00::/64', 'fd00::3 > db TCP 80', {}, 'yes (policy)'],
    [
      'outside is found in either profile',
      '203.0.113.0/24',
      '203.0.113.9 > db TCP 80',
      { ipBlockFindsPods: false },
      'yes (policy)',
    ],
    ['of a node is found', '192.168.56.12/32', 'agent > db TCP 80', {}, 'yes (policy)'],
  ])('%s', (_name, cidr, probe, profile, expected) => {
    expect(said(probe, net(cidr), profile).split(', ')[1]).toBe(expected);
  });
});

describe('a named port', () => {
  it.each([
    ['web > db TCP 5432', 'yes (policy)'],
    ['web > db TCP 80', 'no (policy)'],
    ['web > db UDP 5432', 'no (policy)'],
    ['web > db OTHER 0', 'no (undefined)'],
  ])('is looked up in the destination: %s is %s', (probe, expected) => {
    expect(said(probe, { ingress: [{ ports: [{ port: 'sql' }] }] }).split(', ')[1]).toBe(expected);
  });

  it.each([
    ['db > web TCP 80', 'yes (policy)'],
    ['db > web TCP 5432', 'no (policy)'],
    ['db > 8.8.8.8 TCP 80', 'no (policy)'],
  ])('of egress, too: %s is %s', (probe, expected) => {
    expect(said(probe, { policyTypes: ['Egress'], egress: [{ ports: [{ port: 'sql' }] }] }).split(', ')[0]).toBe(
      expected,
    );
  });
});
