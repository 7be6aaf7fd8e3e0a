import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ip } from '../../wire/ip.ts';
import { readManifests } from '../manifests/parse.ts';
import { writeManifests } from '../manifests/write.ts';
import { isPolicy } from '../policy-objects.ts';
import type { PolicyInput } from './input.ts';
import { type EndRef, policyModel } from './model.ts';
import { randomCluster } from './random-cluster.ts';
import { smallestChange } from './smallest-change.ts';
import { refOf } from './uniform.ts';
import { verdictOf } from './verdict.ts';

const pod = (namespace: string, name: string, at: number, labels: Record<string, string>) => ({
  namespace,
  name,
  labels: { app: name, ...labels },
  ips: [ip(`10.244.0.${at}`)],
  node: 'node-1',
  ports: [],
});
const input: PolicyInput = {
  namespaces: [],
  pods: [
    pod('shop', 'db', 2, {}),
    pod('shop', 'web', 3, { role: 'web' }),
    pod('shop', 'job', 4, { role: 'web' }),
    pod('tools', 'scan', 5, {}),
  ],
  nodes: [{ name: 'node-2', ips: [ip('192.168.56.12')], labels: {} }],
  policies: [],
};
const end = (ref: string): EndRef => ({ kind: 'pod', ref });

/** The best proposal for a packet to shop/db on TCP 5432: what it does, its changed lines, and how many pairs it opens. */
function best(yaml: string, from: EndRef) {
  const { objects, errors } = readManifests(yaml);
  expect(errors).toEqual([]);
  const model = policyModel({ ...input, policies: objects.filter(isPolicy) });
  const [first] = smallestChange(model, { from, to: end('shop/db'), protocol: 'TCP', port: 5432 });
  return (
    first && {
      texts: first.texts,
      changed: first.diffs.flatMap(({ lines }) =>
        lines.filter(({ mark }) => mark !== ' ').map(({ mark, line }) => `${mark}${line.trim()}`),
      ),
      opens: first.opens,
    }
  );
}

const db = (ingress: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db, namespace: shop}\nspec: {podSelector: {matchLabels: {app: db}}, ingress: ${ingress}}\n`;
const closedWeb =
  '---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}\n';
const guard =
  '---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: guard}\nspec: {tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}\n';

describe('the smallest change', () => {
  it.each<[string, string, EndRef, object | undefined]>([
    [
      'adds a port to a rule',
      db('[{from: [{podSelector: {}}], ports: [{port: 80}]}]'),
      end('shop/web'),
      { texts: ['add TCP port 5432 to rule #1 of NetworkPolicy shop/db'], changed: ['+- port: 5432'], opens: 2 },
    ],
    [
      'adds a peer to a rule, by its own label',
      db('[{from: [{podSelector: {matchLabels: {role: api}}}], ports: [{port: 5432}]}]'),
      end('shop/web'),
      {
        texts: ['let app=web in by rule #1 of NetworkPolicy shop/db'],
        changed: ['+- podSelector:', '+matchLabels:', '+app: web'],
        opens: 1,
      },
    ],
    [
      'names the namespace of a stranger',
      db('[{from: [{podSelector: {}}]}]'),
      end('tools/scan'),
      {
        texts: ['let app=scan of namespace tools in by rule #1 of NetworkPolicy shop/db'],
        changed: [
          '+- namespaceSelector:',
          '+matchLabels:',
          '+kubernetes.io/metadata.name: tools',
          '+podSelector:',
          '+matchLabels:',
          '+app: scan',
        ],
        opens: 1,
      },
    ],
    [
      'lets a single address in',
      db('[{from: [{podSelector: {}}]}]'),
      { kind: 'ip', ip: ip('203.0.113.9') },
      {
        texts: ['let 203.0.113.9 in by rule #1 of NetworkPolicy shop/db'],
        changed: ['+- ipBlock:', '+cidr: 203.0.113.9/32'],
        opens: 0,
      },
    ],
    [
      'lets another node in by its address',
      db('[{from: [{podSelector: {}}]}]'),
      { kind: 'node', name: 'node-2' },
      {
        texts: ['let 192.168.56.12 in by rule #1 of NetworkPolicy shop/db'],
        changed: ['+- ipBlock:', '+cidr: 192.168.56.12/32'],
        opens: 0,
      },
    ],
    [
      'opens both ends',
      db('[{from: [{podSelector: {}}], ports: [{port: 80}]}]') + closedWeb,
      end('shop/web'),
      {
        texts: [
          'let packets out to app=db on TCP port 5432 by a new rule of NetworkPolicy shop/web',
          'add TCP port 5432 to rule #1 of NetworkPolicy shop/db',
        ],
        changed: [
          '+- port: 5432',
          '+egress:',
          '+- to:',
          '+- podSelector:',
          '+matchLabels:',
          '+app: db',
          '+ports:',
          '+- port: 5432',
        ],
        opens: 2,
      },
    ],
    [
      'leaves it to the next tier',
      guard,
      end('shop/web'),
      {
        texts: ['leave app=web to the next tier by a rule before #1 of ClusterNetworkPolicy guard'],
        changed: [
          '+- action: Pass',
          '+from:',
          '+- pods:',
          '+namespaceSelector:',
          '+matchLabels:',
          '+kubernetes.io/metadata.name: shop',
          '+podSelector:',
          '+matchLabels:',
          '+app: web',
          '+protocols:',
          '+- tcp:',
          '+destinationPort:',
          '+number: 5432',
        ],
        opens: 3,
      },
    ],
    ['is none where it may pass', db('[{}]'), end('shop/web'), undefined],
    ['is none where there is no such pod', db('[]'), end('shop/nobody'), undefined],
  ])('%s', (_name, yaml, from, expected) => {
    expect(best(yaml, from)).toEqual(expected);
  });
});

describe('every proposal', () => {
  it('lets the packet through, is valid, and its diff is what it says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
        const cluster = randomCluster(seed);
        const model = policyModel(cluster);
        const ends: EndRef[] = [
          ...cluster.pods.map(({ namespace, name }) => end(`${namespace}/${name}`)),
          { kind: 'ip', ip: ip('203.0.113.9') },
        ];
        for (const from of ends.slice(0, 3))
          for (const to of ends.slice(-3)) {
            const probe = { from, to, protocol: 'TCP' as const, port: 8080 };
            const proposals = smallestChange(model, probe);
            if (!verdictOf(model, probe).isAllowed) expect(proposals.length).toBeGreaterThan(0);
            for (const { objects, diffs } of proposals) {
              const kept = cluster.policies.filter((one) => !objects.some((object) => refOf(object) === refOf(one)));
              expect(verdictOf(policyModel({ ...cluster, policies: [...kept, ...objects] }), probe).isAllowed).toBe(
                true,
              );
              const text = writeManifests(objects);
              const back = readManifests(text);
              expect(back.errors).toEqual([]);
              expect(back.objects).toEqual(objects);
              const after = diffs.map(
                ({ lines }) =>
                  `${lines
                    .filter(({ mark }) => mark !== '-')
                    .map(({ line }) => line)
                    .join('\n')}\n`,
              );
              expect(after.join('---\n')).toBe(text);
            }
          }
      }),
      { numRuns: 60 },
    );
  });
});
