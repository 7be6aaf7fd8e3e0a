/** What kubelet itself writes on a node: pkg/kubelet/kubelet_network_linux.go, v1.33. kube-proxy and the CNI start after it. */
import type { Rule, RuleOp } from '../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../linux/origin.ts';
import { LOOPBACK_NET } from '../../wire/ip.ts';
import type { NodePlan } from '../contract.ts';
import { append, comment, DROP, insert, jump, newChain } from './rules.ts';

export const KUBE_FIREWALL = 'KUBE-FIREWALL';
const CANARY = 'KUBE-KUBELET-CANARY';
const HINT = 'KUBE-IPTABLES-HINT';

/**
 * Keeps other machines away from what listens on 127.0.0.1, which `route_localnet` would open (CVE-2020-8558). kubelet and
 * kube-proxy write the same rule; who wrote it last is its origin.
 */
export function localnetRule(by: string): Rule {
  return {
    src: { value: LOOPBACK_NET, invert: true },
    dst: { value: LOOPBACK_NET },
    matches: [
      comment('block incoming localnet connections'),
      { kind: 'conntrack', states: ['RELATED', 'ESTABLISHED', 'DNAT'], invert: true },
    ],
    target: DROP,
    origin: { by, why: 'nobody outside may reach what listens on 127.0.0.1' },
  };
}

/**
 * The same on every node. Canaries are empty chains: when one is gone, something flushed the tables. In IPv6 there is nothing to keep
 * away: its loopback address is not routed.
 */
export function kubeletPlan(families: readonly (4 | 6)[] = [4]): NodePlan {
  const origin: Origin = { by: 'kubelet', why: 'nobody outside may reach what listens on 127.0.0.1' };
  const toFirewall: Rule = { matches: [], target: jump(KUBE_FIREWALL), origin };
  const shared: RuleOp[] = [
    newChain('mangle', HINT),
    newChain('mangle', CANARY),
    newChain('nat', CANARY),
    newChain('filter', CANARY),
  ];
  const iptables: RuleOp[] = [
    ...shared,
    newChain('filter', KUBE_FIREWALL),
    append('filter', KUBE_FIREWALL, localnetRule('kubelet')),
    insert('filter', 'OUTPUT', toFirewall),
    insert('filter', 'INPUT', toFirewall),
  ];
  return {
    node: {
      ...(families.includes(4) && { iptables }),
      ...(families.includes(6) && { ip6tables: shared }),
    },
  };
}
