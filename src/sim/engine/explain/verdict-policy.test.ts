/** What is said where a policy decides: who, why, and in which chain of which node. */
import { describe, expect, it } from 'vitest';
import { LAB } from '../../drivers/conformance/lab-cluster.ts';
import type { ClusterPolicy } from '../../kube/cluster-policy.ts';
import { traceProbe } from '../converse.ts';
import { labWorld, pod, tcp } from './lab-world.ts';

const policy = (name: string, more: Partial<ClusterPolicy>): ClusterPolicy => ({
  kind: 'NetworkPolicy',
  namespace: 'default',
  name,
  pods: ['default/web-2'],
  ...more,
});
const fromApi = policy('api-only', {
  ingress: [{ peers: [{ kind: 'pods', selector: 'app=api', ips: [] }], ports: [{ protocol: 'tcp', from: 8080 }] }],
});
const guard = policy('guard', {
  kind: 'AdminNetworkPolicy',
  namespace: '',
  tier: 'Admin',
  ingress: [{ name: 'quiet', action: 'Deny' }],
});
const open = policy('open', { ingress: [{ ports: [{ protocol: 'tcp', from: 8080 }] }] });

function told(...policies: readonly ClusterPolicy[]) {
  const world = labWorld({ cluster: { ...LAB, policies }, cni: 'calico' });
  const { verdict, beats } = traceProbe(world, tcp(pod('tool-1'), pod('web-2'), 8080));
  return { sentence: verdict.sentence, titles: beats.map(({ title }) => title) };
}

describe('Felix', () => {
  it.each([
    [
      [fromApi],
      'NetworkPolicy default/api-only selects default/web-2 for ingress, and nothing in it allows this packet: dropped in cali-tw-',
    ],
    [
      [fromApi, policy('deny', { ingress: [] })],
      'NetworkPolicy default/api-only and NetworkPolicy default/deny select default/web-2 for ingress, and nothing in them allows this packet: dropped in cali-tw-',
    ],
    [
      [open, guard],
      'AdminNetworkPolicy guard denies this packet (its ingress rule 1 "quiet" denies everything from everybody): dropped in cali-pi-',
    ],
  ])('%#: the policy that selects the pod is named, and the chain', (policies, sentence) => {
    expect(told(...policies).sentence).toContain(sentence);
  });

  it('says who let it pass', () => {
    expect(told(open, fromApi).titles).toContain('Allowed by NetworkPolicy default/open');
  });
});
