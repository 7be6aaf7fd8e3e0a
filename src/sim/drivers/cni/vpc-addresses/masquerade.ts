/** What ipamd writes when it starts: pkg/networkutils/network.go `buildIptablesSNATRules`, v1.23.0, where iptables has `--random-fully`. */
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import type { Rule, RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { append, comment, jump, newChain, RETURN } from '../../parts/rules.ts';
import { IPAMD } from './facts.ts';

const CHAIN = 'AWS-SNAT-CHAIN-0';
const NOTE = 'AWS SNAT CHAIN';

/**
 * SIMPLIFIED: the VPC is its one subnet. The rules that set and restore the connection mark 0x80 (mangle and nat PREROUTING,
 * `AWS-CONNMARK-CHAIN-0`) are left out: only `ip rule` reads the mark, to force the primary card, and here there is no other one.
 */
export function snatRules({ nodeNetwork }: Cluster, node: ClusterNode): RuleOp[] {
  const rule = (fields: Omit<Rule, 'origin'>, why: string): Rule => ({
    ...fields,
    origin: { by: IPAMD, for: `Node ${node.name}`, why },
  });
  const rules = [
    rule(
      { dst: { value: nodeNetwork.cidr }, matches: [comment(NOTE)], target: RETURN },
      'within the VPC everybody knows pod addresses: they stay',
    ),
    rule(
      {
        oif: { value: 'vlan+', invert: true },
        matches: [comment('AWS, SNAT'), { kind: 'addrtype', dst: { value: 'LOCAL', invert: true } }],
        target: { kind: 'SNAT', to: node.ip, randomFully: true },
      },
      "out of the VPC only the card's first address has a way back",
    ),
  ];
  return [
    newChain('nat', CHAIN),
    append(
      'nat',
      'POSTROUTING',
      rule({ matches: [comment(NOTE)], target: jump(CHAIN) }, 'what leaves the VPC needs another address'),
    ),
    ...rules.map((each) => append('nat', CHAIN, each)),
  ];
}
