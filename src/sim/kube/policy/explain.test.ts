/** Why, in sentences; and a law that the reasons and the verdict never part. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ip } from '../../wire/ip.ts';
import { readManifests } from '../manifests/parse.ts';
import { isPolicy } from '../policy-objects.ts';
import { explain, type SideExplanation } from './explain.ts';
import type { PolicyInput } from './input.ts';
import { type EndRef, policyModel } from './model.ts';
import { randomCiliumPolicies } from './random-cilium.ts';
import { randomCluster } from './random-cluster.ts';
import { isolates, type Tier } from './uniform.ts';
import { sideText } from './words.ts';

const input: PolicyInput = {
  namespaces: [
    { name: 'shop', labels: { team: 'a' } },
    { name: 'tools', labels: {} },
  ],
  pods: [
    ['shop', 'db', { app: 'db' }, 2],
    ['shop', 'web', { app: 'web', role: 'web' }, 3],
    ['tools', 'scan', { app: 'scan' }, 4],
  ].map(([namespace, name, labels, at]) => ({
    namespace: String(namespace),
    name: String(name),
    labels: labels as Record<string, string>,
    ips: [ip(`10.244.0.${at}`)],
    node: 'node-1',
    ports: [{ name: 'sql', port: 5432, protocol: 'TCP' as const }],
  })),
  nodes: [],
  policies: [],
};

const pod = (ref: string): EndRef => ({ kind: 'pod', ref });

/** What is said of the ingress of shop/db, for a packet to port 5432. */
function ingressOf(yaml: string, from: EndRef, port = 5432): readonly string[] {
  const { objects, errors } = readManifests(yaml);
  expect(errors).toEqual([]);
  const model = policyModel({ ...input, policies: objects.filter(isPolicy) });
  return sideText(explain(model, { from, to: pod('shop/db'), protocol: 'TCP', port }).ingress);
}

const db = (rules: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, namespace: shop}\nspec: {podSelector: {matchLabels: {app: db}}, ingress: ${rules}}\n`;
const admin = (action: string): string =>
  `---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: guard}\nspec: {tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{name: tools, action: ${action}, from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: tools}}}]}]}\n`;

const SELECTS = 'NetworkPolicy shop/db selects app=db';

describe('why', () => {
  it.each<[string, string, EndRef, string[]]>([
    [
      'a label is another one',
      db('[{from: [{podSelector: {matchLabels: {role: api}}}]}]'),
      pod('shop/web'),
      [`${SELECTS}, but its from: wants role=api; this pod has role=web`],
    ],
    [
      'a label is missing',
      db('[{from: [{podSelector: {matchLabels: {old: ""}}}]}]'),
      pod('shop/web'),
      [`${SELECTS}, but its from: wants old=""; this pod has no label old`],
    ],
    [
      'the namespace is another one',
      db('[{from: [{podSelector: {}}]}]'),
      pod('tools/scan'),
      [`${SELECTS}, but its from: wants pods of namespace shop; this pod is in tools`],
    ],
    [
      'the namespace has not the label',
      db('[{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [a, b]}]}}]}]'),
      pod('tools/scan'),
      [`${SELECTS}, but its from: wants namespaces with team in (a, b); its namespace has no label team`],
    ],
    [
      'it is no pod',
      db('[{from: [{podSelector: {}}]}]'),
      { kind: 'ip', ip: ip('8.8.8.8') },
      [`${SELECTS}, but its from: wants pods; this is none`],
    ],
    [
      'the address is left out',
      db('[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [8.8.0.0/16]}}]}]'),
      { kind: 'ip', ip: ip('8.8.8.8') },
      [`${SELECTS}, but its from: leaves 8.8.0.0/16 out of 0.0.0.0/0; this is 8.8.8.8`],
    ],
    [
      'the port is another one',
      db('[{ports: [{port: 80}, {protocol: UDP, port: sql}]}]'),
      pod('shop/web'),
      [`${SELECTS}, but its ports: wants TCP 80; this goes to port 5432, or wants UDP sql; this is TCP`],
    ],
    ['there are no rules', db('[]'), pod('shop/web'), [`${SELECTS}, and has no ingress rules: nothing may pass`]],
    [
      'a rule admits it',
      db('[{from: [{podSelector: {}}], ports: [{port: sql}]}]'),
      pod('shop/web'),
      [`${SELECTS}, and rule #1 admits it`],
    ],
    [
      'several rules do not',
      db('[{ports: [{port: 80}]}, {from: [{ipBlock: {cidr: 10.9.0.0/16}}]}]'),
      pod('shop/web'),
      [
        `${SELECTS}, but rule #1: its ports: wants TCP 80; this goes to port 5432. rule #2: its from: wants addresses in 10.9.0.0/16; this is 10.244.0.3`,
      ],
    ],
    [
      'an admin decides first',
      db('[]') + admin('Accept'),
      pod('tools/scan'),
      [
        'ClusterNetworkPolicy guard selects every pod of every namespace, and rule tools admits it',
        `${SELECTS}, and has no ingress rules: nothing may pass`,
      ],
    ],
    [
      'an admin passes it on',
      db('[{}]') + admin('Pass'),
      pod('tools/scan'),
      [
        'ClusterNetworkPolicy guard selects every pod of every namespace, and rule tools passes it on to the next tier',
        `${SELECTS}, and rule #1 admits it`,
      ],
    ],
    [
      'nobody selects the pod',
      admin('Deny').replace('namespaces: {}', 'namespaces: {matchLabels: {a: b}}'),
      pod('shop/web'),
      ['no policy selects the pod for this direction: everything may pass'],
    ],
  ])('%s', (_name, yaml, from, expected) => {
    expect(ingressOf(yaml, from)).toEqual(expected);
  });

  it('a policy does not concern the pod', () => {
    const { objects } = readManifests(db('[]'));
    const model = policyModel({ ...input, policies: objects.filter(isPolicy) });
    const { ingress, egress } = explain(model, {
      from: pod('shop/db'),
      to: pod('shop/web'),
      protocol: 'TCP',
      port: 80,
    });
    expect(ingress.policies.map(({ word, notSelected }) => [word, notSelected])).toEqual([
      ['not applicable', [{ kind: 'label', of: 'pod', wants: 'app=db', key: 'app', has: 'web' }]],
    ]);
    expect(egress.policies.map(({ word, notSelected }) => [word, notSelected])).toEqual([['not applicable', []]]);
  });

  it('nobody can tell without a fact', () => {
    const { objects } = readManifests(
      'apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: names}\nspec: {tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Accept, to: [{domainNames: [example.com]}]}]}\n',
    );
    const model = policyModel({ ...input, policies: objects.filter(isPolicy) });
    const { egress } = explain(model, {
      from: pod('shop/db'),
      to: { kind: 'ip', ip: ip('8.8.8.8') },
      protocol: 'TCP',
      port: 80,
    });
    expect(egress.policies.map(({ word }) => word)).toEqual(['cannot tell']);
    expect(egress.policies[0]?.rules[0]?.missing).toEqual([{ kind: 'domain', names: ['example.com'] }]);
  });
});

/** What the reasons add up to. */
function concluded({ policies, isAllowed, basis, direction }: SideExplanation): boolean {
  if (basis !== 'policy' && basis !== 'undefined') return isAllowed;
  const asked = policies.filter(({ notSelected }) => notSelected === undefined);
  const decides = (tier: Tier) =>
    asked
      .filter((one) => one.tier === tier)
      .flatMap(({ rules }) => rules)
      .find(
        ({ isDecisive, action }) => isDecisive && (tier === 'NetworkPolicy' ? action === 'deny' : action !== 'pass'),
      );
  const decided = decides('Admin') ?? decides('NetworkPolicy');
  if (decided) return decided.action === 'accept';
  if (asked.some(({ policy }) => isolates(policy, direction)))
    return asked.some(({ tier, word }) => tier === 'NetworkPolicy' && word === 'admits');
  return decides('Baseline')?.action !== 'deny';
}

describe('the reasons', () => {
  it('add up to the verdict, and every rule that does not match has one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
        const plain = randomCluster(seed);
        const cluster = { ...plain, policies: [...plain.policies, ...randomCiliumPolicies(seed)] };
        const model = policyModel(cluster);
        const ends: EndRef[] = [
          ...cluster.pods.map(({ namespace, name }) => pod(`${namespace}/${name}`)),
          { kind: 'ip', ip: ip('203.0.113.9') },
        ];
        for (const from of ends)
          for (const to of ends)
            for (const [protocol, port] of [
              ['TCP', 80],
              ['UDP', 53],
              ['OTHER', 0],
            ] as const) {
              const { egress, ingress } = explain(model, { from, to, protocol, port });
              for (const side of [egress, ingress]) {
                expect(concluded(side)).toBe(side.isAllowed);
                for (const { isMatch, isPeerFound, peers, ports, missing } of side.policies.flatMap(
                  ({ rules }) => rules,
                )) {
                  expect(isMatch).toBe(isPeerFound && ports.length === 0);
                  if (!isPeerFound) expect(peers.filter((one) => one.length === 0).length).toBe(missing.length);
                }
              }
            }
      }),
      { numRuns: 40 },
    );
  });
});
