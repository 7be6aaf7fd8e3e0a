/** The chains that netfilter calls, and where they jump to (pkg/proxy/nftables/proxier.go `nftablesBaseChains`, `nftablesJumpChains`). */

import type { HookName } from '../../../../linux/netfilter/iptables/rule.ts';
import type { NftChain, NftHook, NftRule } from '../../../../linux/netfilter/nftables/ruleset.ts';
import * as facts from './facts.ts';
import { checksClusterIps, isEarly, type NftLayout } from './options.ts';
import { jump, NEW, rule } from './statements.ts';

const DNAT = -100;
const SNAT = 100;
/** Just before and after the destination is translated. */
const PRE_DNAT = DNAT - 10;
const POST_DNAT = DNAT + 10;
const FILTER = 0;

type BaseChain = readonly [
  name: string,
  type: NftHook['type'],
  hook: HookName,
  priority: number,
  ...to: readonly string[],
];

const NAT: readonly BaseChain[] = [
  ['nat-prerouting', 'nat', 'PREROUTING', DNAT, facts.SERVICES],
  ['nat-output', 'nat', 'OUTPUT', DNAT, facts.SERVICES],
  ['nat-postrouting', 'nat', 'POSTROUTING', SNAT, facts.MASQUERADING],
];

/** v1.30 to v1.33: what the node itself sends is checked before its DNAT. */
const FILTER_A: readonly BaseChain[] = [
  ['filter-prerouting', 'filter', 'PREROUTING', PRE_DNAT, facts.FIREWALL_CHECK],
  ['filter-input', 'filter', 'INPUT', PRE_DNAT, facts.NODEPORT_CHECK, facts.SERVICE_CHECK],
  ['filter-forward', 'filter', 'FORWARD', PRE_DNAT, facts.SERVICE_CHECK, facts.CLUSTER_IPS_CHECK],
  ['filter-output', 'filter', 'OUTPUT', PRE_DNAT, facts.SERVICE_CHECK, facts.FIREWALL_CHECK],
  ['filter-output-post-dnat', 'filter', 'OUTPUT', POST_DNAT, facts.CLUSTER_IPS_CHECK],
];

const FILTER_B: readonly BaseChain[] = [
  ['filter-prerouting-pre-dnat', 'filter', 'PREROUTING', PRE_DNAT, facts.FIREWALL_CHECK],
  ['filter-output-pre-dnat', 'filter', 'OUTPUT', PRE_DNAT, facts.FIREWALL_CHECK],
  ['filter-input', 'filter', 'INPUT', FILTER, facts.NODEPORT_CHECK, facts.SERVICE_CHECK],
  ['filter-forward', 'filter', 'FORWARD', FILTER, facts.SERVICE_CHECK, facts.CLUSTER_IPS_CHECK],
  ['filter-output', 'filter', 'OUTPUT', FILTER, facts.SERVICE_CHECK, facts.CLUSTER_IPS_CHECK],
];

export function baseChains(layout: NftLayout): NftChain[] {
  const filter = isEarly(layout) ? FILTER_A : FILTER_B;
  const without = checksClusterIps(layout) ? undefined : facts.CLUSTER_IPS_CHECK;
  const kept = [...filter, ...NAT].flatMap(([name, type, hook, priority, ...to]): BaseChain[] => {
    const left = to.filter((chain) => chain !== without);
    return left.length === 0 ? [] : [[name, type, hook, priority, ...left]];
  });
  return kept.map(([name, type, hook, priority, ...to]) => ({
    name,
    base: { type, hook, priority, policy: 'accept' },
    rules: to.map((chain) => jumpRule(type, chain)),
  }));
}

/** Filter chains see every packet of a flow, but only the first may be refused; nat chains see no other. */
function jumpRule(type: NftHook['type'], chain: string): NftRule {
  const why = { by: 'kube-proxy', why: WHYS[chain] ?? 'new connections are looked up among the Services' };
  return rule(type === 'nat' ? [jump(chain)] : [NEW, jump(chain)], why);
}

const WHYS: Readonly<Record<string, string>> = {
  [facts.SERVICES]: 'new connections are looked up among the Services',
  [facts.MASQUERADING]: 'packets marked for masquerade get the address of this node',
  [facts.FIREWALL_CHECK]: 'new connections to a load balancer from outside its source ranges are dropped',
  [facts.NODEPORT_CHECK]: 'new connections to node ports that nobody serves are refused',
  [facts.SERVICE_CHECK]: 'new connections to addresses that nobody serves are refused',
  [facts.CLUSTER_IPS_CHECK]: 'what still has a clusterIP was for a port or an address that no Service has',
};
