/** What is said where a policy decides: who, why, and in which chain of which node. */
import { describe, expect, it } from 'vitest';
import { LAB } from '../../drivers/conformance/lab-cluster.ts';
import type { ClusterPolicy } from '../../kube/cluster-policy.ts';
import { traceProbe } from '../converse.ts';
import { flowLinesOf } from './evidence-flows.ts';
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

function told(cni: string, ...policies: readonly ClusterPolicy[]) {
  const world = labWorld({ cluster: { ...LAB, policies }, cni });
  const trace = traceProbe(world, tcp(pod('tool-1'), pod('web-2'), 8080));
  const log = flowLinesOf(trace, world).map(({ text }) => text.replace(/^.*\) (?=policy-verdict|Policy)/, ''));
  return { sentence: trace.verdict.sentence, titles: trace.beats.map(({ title }) => title), log };
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
    expect(told('calico', ...policies).sentence).toContain(sentence);
  });

  it('says who let it pass', () => {
    expect(told('calico', open, fromApi).titles).toContain('Allowed by NetworkPolicy default/open');
  });
});

describe('Cilium', () => {
  it('names the policy and the program, and tells the verdict to its flow log', () => {
    const { sentence, log } = told('cilium', fromApi);
    expect(sentence).toContain(
      'NetworkPolicy default/api-only selects default/web-2 for ingress, and nothing in it allows this packet: dropped in cil_lxc_policy on node-2',
    );
    expect(log).toContain('policy-verdict:none INGRESS DENIED (TCP Flags: SYN)');
    expect(log).toContain('Policy denied DROPPED (TCP Flags: SYN)');
  });

  it('says who let it pass', () => {
    const { titles, log } = told('cilium', open, fromApi);
    expect(titles).toContain('Allowed by NetworkPolicy default/open');
    expect(log).toContain('policy-verdict:L4-Only INGRESS ALLOWED (TCP Flags: SYN)');
  });
});

describe('Weave', () => {
  it.each([
    [
      'ingress',
      'tool-1',
      'web-2',
      'NetworkPolicy default/closed selects default/web-2 for ingress, and nothing in it allows this packet: dropped in FORWARD on node-2',
    ],
    [
      'egress',
      'web-2',
      'tool-1',
      'NetworkPolicy default/closed selects default/web-2 for egress, and nothing in it allows this packet: dropped in WEAVE-NPC-EGRESS on node-2',
    ],
  ] as const)('%s: the policy is named, though one rule serves all pods', (direction, from, to, says) => {
    const world = labWorld({ cluster: { ...LAB, policies: [policy('closed', { [direction]: [] })] }, cni: 'weave' });
    expect(traceProbe(world, tcp(pod(from), pod(to), 8080)).verdict.sentence).toContain(says);
  });
});
