/** kindnetd's own masquerading: kubernetes-sigs/kind, images/kindnetd/cmd/kindnetd/masq.go, v0.32 (the same rules since v0.20). */
import type { ClusterNode } from '../../../kube/cluster.ts';
import type { Rule, RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import type { Cidr } from '../../../wire/ip.ts';
import { append, comment, jump, newChain, RETURN } from '../../parts/rules.ts';

export const KINDNETD = 'kindnetd';
export const MASQ_CHAIN = 'KIND-MASQ-AGENT';
const NOTES = {
  spare: 'kind-masq-agent: local traffic is not subject to MASQUERADE',
  rest: 'kind-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)',
  jump: `kind-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom ${MASQ_CHAIN} chain`,
} as const;

/** What goes to a pod keeps its address, whoever sent it; everything else that leaves the node, the node's own packets too, is masqueraded. */
export function masqAgentRules(podCIDR: Cidr, node: ClusterNode): RuleOp[] {
  const rule = (fields: Omit<Rule, 'origin'>, why: string): Rule => ({
    ...fields,
    origin: { by: KINDNETD, for: `Node ${node.name}`, why },
  });
  return [
    newChain('nat', MASQ_CHAIN),
    append(
      'nat',
      MASQ_CHAIN,
      rule(
        { dst: { value: podCIDR }, matches: [comment(NOTES.spare)], target: RETURN },
        'to a pod, on whatever node: the address stays',
      ),
    ),
    append(
      'nat',
      MASQ_CHAIN,
      rule(
        { matches: [comment(NOTES.rest)], target: { kind: 'MASQUERADE' } },
        'nobody outside the cluster knows a way back to a pod address',
      ),
    ),
    append(
      'nat',
      'POSTROUTING',
      rule(
        {
          matches: [{ kind: 'addrtype', dst: { value: 'LOCAL', invert: true } }, comment(NOTES.jump)],
          target: jump(MASQ_CHAIN),
        },
        'what leaves this node may need its address',
      ),
    ),
  ];
}
