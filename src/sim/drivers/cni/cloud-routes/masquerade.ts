/** The chain that kOps writes once, when the machine starts: nodeup/pkg/model/containerd.go `buildIPMasqueradeRules`, v1.34. */
import type { ClusterNode } from '../../../kube/cluster.ts';
import type { Rule, RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import type { Cidr } from '../../../wire/ip.ts';
import { append, comment, jump, newChain, RETURN } from '../../parts/rules.ts';

const CHAIN = 'IP-MASQ';
const JUMP = `ip-masq: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom ${CHAIN} chain`;

/** `nonMasqueradeCIDR` is the pod network here. */
export function masqueradeRules(nonMasquerade: Cidr, node: ClusterNode): RuleOp[] {
  const rule = (fields: Omit<Rule, 'origin'>, why: string): Rule => ({
    ...fields,
    origin: { by: 'kOps', for: `Node ${node.name}`, why },
  });
  const rules = [
    rule(
      {
        dst: { value: nonMasquerade },
        matches: [comment('ip-masq: pod cidr is not subject to MASQUERADE')],
        target: RETURN,
      },
      'to a pod, on whatever node: the address stays',
    ),
    rule(
      {
        matches: [comment('ip-masq: outbound traffic is subject to MASQUERADE (must be last in chain)')],
        target: { kind: 'MASQUERADE' },
      },
      'nobody outside of the VPC knows a way back to a pod address',
    ),
  ];
  return [
    newChain('nat', CHAIN),
    append(
      'nat',
      'POSTROUTING',
      rule(
        {
          matches: [comment(JUMP), { kind: 'addrtype', dst: { value: 'LOCAL', invert: true } }],
          target: jump(CHAIN),
        },
        'what leaves this node may need its address',
      ),
    ),
    ...rules.map((each) => append('nat', CHAIN, each)),
  ];
}
