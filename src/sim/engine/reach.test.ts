import { describe, expect, it } from 'vitest';
import type { PolicyInput } from '../kube/policy/input.ts';
import type { PolicyObject } from '../kube/policy-objects.ts';
import { ip } from '../wire/ip.ts';
import { ASKED, endsOf, type ReachAsk, reachOf, UNKNOWN } from './reach.ts';

const deny: PolicyObject = { kind: 'NetworkPolicy', namespace: 'a', name: 'deny', spec: {} };
const outsideOnly: PolicyObject = {
  kind: 'NetworkPolicy',
  namespace: 'a',
  name: 'outside',
  spec: { ingress: [{ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 80 }] }] },
};

const pod = (namespace: string, name: string, last: number) => ({
  namespace,
  name,
  labels: { app: name },
  ips: [ip(`10.0.0.${last}`)],
  node: 'node-1',
  ports: [],
});

const ask = (...policies: PolicyObject[]): ReachAsk => ({
  input: {
    namespaces: [],
    pods: [pod('a', 'web', 1), pod('b', 'db', 2)],
    nodes: ['node-1', 'node-2'].map((name, at) => ({ name, ips: [ip(`192.168.0.${at + 1}`)], labels: {} })),
    policies,
  } satisfies PolicyInput,
  outside: [{ name: 'internet', ip: ip('203.0.113.10') }],
  owners: ['Deployment a/web', 'Pod b/db'],
  ports: [
    { protocol: 'TCP', port: 80 },
    { protocol: 'TCP', port: 443 },
  ],
});

/** The ports that may pass, as bits; `-` where nobody asks. */
function rows(of: ReachAsk): readonly string[] {
  const { ends, allowed, asked } = reachOf(of).reach;
  return ends.map(({ name }, source) => {
    const cells = ends.map((_, to) => {
      const at = source * ends.length + to;
      if (asked[at] === UNKNOWN) return '?';
      return asked[at] === ASKED ? String(allowed[at]) : '-';
    });
    return `${name}: ${cells.join('')}`;
  });
}

describe('who may reach whom', () => {
  it('without policies everybody reaches everybody, and nobody asks about the outside', () => {
    expect(rows(ask())).toEqual(['a/web: -3333', 'b/db: 3-333', 'node-1: 33---', 'node-2: 33---', 'internet: 33---']);
  });

  it('a pod that is closed is open to its own node alone', () => {
    expect(rows(ask(deny))).toEqual([
      'a/web: -3333',
      'b/db: 0-333',
      'node-1: 33---',
      'node-2: 03---',
      'internet: 03---',
    ]);
  });

  it('each port is a bit of its own', () => {
    expect(rows(ask(outsideOnly)).at(-1)).toBe('internet: 13---');
  });

  it('where a rule names domains nobody can tell about the outside', () => {
    const named: PolicyObject = {
      kind: 'ClusterNetworkPolicy',
      name: 'named',
      spec: {
        tier: 'Admin',
        priority: 1,
        subject: { namespaces: {} },
        egress: [
          { action: 'Accept', to: [{ domainNames: ['example.org'] }] },
          { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }] },
        ],
      },
    };
    expect(rows(ask(named))[0]?.at(-1)).toBe('?');
    expect(rows(ask(named)).at(-1)).toBe('internet: 33---');
  });

  it('ends come as pods, nodes, outside, each with its group', () => {
    expect(endsOf(ask()).map(({ group }) => group)).toEqual([
      'Deployment a/web',
      'Pod b/db',
      'Nodes',
      'Nodes',
      'Outside',
    ]);
  });
});
