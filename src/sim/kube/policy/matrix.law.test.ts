import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from './explain.ts';
import type { PolicyInput } from './input.ts';
import {
  countReasons,
  foldMatrix,
  isAllowedAt,
  type MatrixPort,
  matrixChanges,
  matrixOf,
  reasonsAt,
} from './matrix.ts';
import { type EndRef, policyModel, switchedPolicy } from './model.ts';
import { randomCiliumPolicies } from './random-cilium.ts';
import { randomCluster } from './random-cluster.ts';
import { refOf } from './uniform.ts';
import { verdictOf } from './verdict.ts';

const PORTS: readonly MatrixPort[] = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'UDP', port: 53 },
  { protocol: 'SCTP', port: 8080 },
  { protocol: 'OTHER', port: 0 },
];
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const endsOf = ({ pods }: PolicyInput): readonly EndRef[] =>
  pods.map(({ namespace, name }) => ({ kind: 'pod', ref: `${namespace}/${name}` }));

describe('the matrix', () => {
  it('says in each cell what a packet would be told, for the same reasons', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const plain = randomCluster(seed);
        const input = { ...plain, policies: [...plain.policies, ...randomCiliumPolicies(seed)] };
        const model = policyModel(input);
        const matrix = matrixOf(model, PORTS);
        let count = 0;
        for (const [source, from] of endsOf(input).entries())
          for (const [destination, to] of endsOf(input).entries()) {
            const reasons = reasonsAt(matrix, source, destination);
            count += reasons.egress.length + reasons.ingress.length;
            for (const [at, port] of PORTS.entries()) {
              const probe = { from, to, ...port };
              expect(isAllowedAt(matrix, source, destination, at)).toBe(verdictOf(model, probe).isAllowed);
              for (const side of [explain(model, probe).egress, explain(model, probe).ingress]) {
                const matched = side.policies.flatMap(({ ref, rules }) =>
                  rules.filter(({ isMatch }) => isMatch).map(({ index }) => `${ref} ${index}`),
                );
                const listed = reasons[side.direction]
                  .filter(({ ports }) => model.states.ports.has(ports, port.protocol, port.port))
                  .map(({ policy, rule }) => `${policy.policy.ref} ${rule}`);
                expect([...new Set(listed)]).toEqual([...new Set(matched)]);
              }
            }
          }
        expect(countReasons(matrix)).toBe(count);
      }),
      { numRuns: 40 },
    );
  });

  it('made again after a switch is what it would be from nothing, and the changes are the difference', () => {
    fc.assert(
      fc.property(seeds, fc.nat(), (seed, drawn) => {
        const plain = randomCluster(seed);
        const input = { ...plain, policies: [...plain.policies, ...randomCiliumPolicies(seed)] };
        const policy = input.policies[drawn % Math.max(1, input.policies.length)];
        if (policy === undefined) return;
        const model = policyModel(input);
        const before = matrixOf(model, PORTS);
        const after = matrixOf(switchedPolicy(model, refOf(policy), false), PORTS, before);
        expect(after.allowed).toEqual(
          matrixOf(policyModel({ ...input, off: new Set([refOf(policy)]) }), PORTS).allowed,
        );
        const changed = before.allowed.slice();
        for (const { source, destination, opened, closed } of matrixChanges(before, after)) {
          const cell = source * before.pods.length + destination;
          changed[cell] = ((changed[cell] ?? 0) | opened) & ~closed;
        }
        expect(changed).toEqual(after.allowed);
      }),
      { numRuns: 60 },
    );
  });

  it('tells thousands of peers apart', () => {
    const names = Array.from({ length: 2_500 }, (_, at) => `pod-${at}`);
    const input: PolicyInput = {
      namespaces: [],
      nodes: [],
      pods: names.map((name) => ({ namespace: 'a', name, labels: { name }, ips: [], ports: [] })),
      policies: [
        {
          kind: 'NetworkPolicy',
          namespace: 'a',
          name: 'each',
          spec: {
            podSelector: { matchLabels: { name: 'pod-0' } },
            ingress: names.map((name) => ({ from: [{ podSelector: { matchLabels: { name } } }] })),
          },
        },
      ],
    };
    const matrix = matrixOf(policyModel(input), []);
    const rules = names.map((_, source) => reasonsAt(matrix, source, 0).ingress.map(({ rule }) => rule));
    expect(rules).toEqual(names.map((_, at) => [at]));
  });

  it('folded by workload says all, none, or some', () => {
    const pod = (name: string, app: string) => ({ namespace: 'a', name, labels: { app }, ips: [], ports: [] });
    const input: PolicyInput = {
      namespaces: [],
      nodes: [],
      pods: [pod('web-1', 'web'), pod('web-2', 'web'), pod('db-1', 'db'), pod('db-2', 'other')],
      policies: [
        { kind: 'NetworkPolicy', namespace: 'a', name: 'db', spec: { podSelector: { matchLabels: { app: 'db' } } } },
      ],
    };
    const folded = foldMatrix(matrixOf(policyModel(input), PORTS), ({ name }) => name.slice(0, -2));
    expect(folded.workloads).toEqual(['web', 'db']);
    expect(folded.members).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect([0, 1].map((from) => [0, 1].map((to) => folded.cellAt(from, to, 0)))).toEqual([
      ['all', 'some'],
      ['all', 'some'],
    ]);
  });
});
