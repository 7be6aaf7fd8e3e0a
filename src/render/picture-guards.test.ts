import { describe, expect, it } from 'vitest';
import type { ClusterPolicy } from '../sim/kube/cluster-policy.ts';
import { makeUpWorld } from './made-up-world.ts';
import { makePicture } from './picture.ts';
import { guardsOf } from './picture-guards.ts';

const plain = makeUpWorld({ nodes: 1, pods: 2, shape: 'routed' });
const [pod = ''] = plain.cluster.pods.map(({ namespace, name }) => `${namespace}/${name}`);
const policy = (more: Partial<ClusterPolicy>): ClusterPolicy => ({
  kind: 'NetworkPolicy',
  namespace: 'default',
  name: 'one',
  pods: [pod],
  ...more,
});

const rows: readonly (readonly [why: string, policies: readonly ClusterPolicy[], words: string])[] = [
  ['no policy: no shield', [], ''],
  ['an empty list of rules isolates, too', [policy({ ingress: [] })], 'isolated for ingress by policies'],
  [
    'two policies isolate for what both are about',
    [policy({ ingress: [] }), policy({ name: 'two', egress: [] })],
    'isolated for ingress and egress by policies',
  ],
  ['one of another tier isolates nobody', [policy({ kind: 'AdminNetworkPolicy', tier: 'Admin', ingress: [] })], ''],
  ['pods that it does not select are open', [policy({ pods: [], ingress: [] })], ''],
];

describe('the shield of a pod', () => {
  it.each(rows)('%s', (_why, policies, words) => {
    const picture = makePicture({ ...plain, cluster: { ...plain.cluster, policies } });
    const room = picture.nodes[0]?.rooms.find(({ element }) => element.ns === pod);
    expect(room?.element.about.split(', ').slice(3).join(', ')).toBe(words);
    expect(room?.element.guard !== undefined).toBe(words !== '');
  });

  it('is empty where nobody enforces', () => {
    const note = { kind: 'ignored', ref: 'NetworkPolicy default/one', text: 'stored' } as const;
    const world = { ...plain, cluster: { ...plain.cluster, policies: [policy({ ingress: [] })] }, notes: [note] };
    expect(guardsOf(world).get(pod)).toEqual({ ingress: true, egress: false, isIdle: true });
  });
});
