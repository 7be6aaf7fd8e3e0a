/** Flannel's iptables rules: pkg/trafficmngr/iptables/iptables.go, v0.26. flanneld starts after kube-proxy and appends. */
import type { ClusterNode } from '../../../kube/cluster.ts';
import type { Inverted, Match, Rule, RuleOp, Target } from '../../../linux/netfilter/iptables/rule.ts';
import type { Cidr } from '../../../wire/ip.ts';
import type { CniOptions, Written } from '../../contract.ts';
import { multicastNet } from '../family-words.ts';
import { ACCEPT, append, comment, jump, markIs, newChain, RETURN } from '../rules.ts';
import * as facts from './facts.ts';

const MASQUERADE: Target = { kind: 'MASQUERADE', randomFully: true };

/** pkg/trafficmngr/iptables `ensureIPTables`: looks every `--iptables-resync` (5) seconds, and writes all of them again if one is missing. */
export function flanneldWritesAgain(written: Written): string | null {
  const isOwn =
    written.kind === 'iptables' &&
    [facts.POSTROUTING_CHAIN, facts.FORWARD_CHAIN].some((chain) => written.line.includes(` ${chain}`));
  return isOwn ? 'flanneld looks every 5 seconds and writes it again.' : null;
}

export function flannelRules(network: Cidr, node: ClusterNode, options: CniOptions): RuleOp[] {
  return [...masquerade(network, node), ...(options.noForwardAccept ? [] : forwardAccept(network))];
}

/** Pods keep their address inside the cluster, and get the node's address towards everything else. */
function masquerade(network: Cidr, node: ClusterNode): RuleOp[] {
  const subnet = node.podCIDR;
  const rule = (
    src: Inverted<Cidr> | null,
    dst: Inverted<Cidr> | null,
    target: Target,
    why: string,
    matches: readonly Match[] = [],
  ): Rule => ({
    ...(src ? { src } : {}),
    ...(dst ? { dst } : {}),
    matches: [...matches, comment(facts.MASQ_NOTE)],
    target,
    origin: { by: 'flanneld', for: `Node ${node.name}`, why },
  });
  const all = { value: network };
  const own = { value: subnet };
  const notAll = { value: network, invert: true } as const;
  const rules = [
    rule(null, null, RETURN, 'kube-proxy already decided to masquerade it', [markIs(facts.KUBE_PROXY_MARK)]),
    rule(own, all, RETURN, 'from a pod here to any pod: the address stays'),
    rule(all, own, RETURN, 'from any pod to a pod here: the address stays'),
    rule(notAll, own, RETURN, 'from outside to a pod here: the pod sees who called'),
    rule(
      all,
      { value: multicastNet(network), invert: true },
      MASQUERADE,
      'nobody outside knows a way back to a pod address',
    ),
    rule(notAll, all, MASQUERADE, 'the answer of a pod elsewhere must come back through this node'),
  ];
  const toChain = rule(
    null,
    null,
    jump(facts.POSTROUTING_CHAIN),
    'pods that leave the cluster need an address of the node',
  );
  return [
    newChain('nat', facts.POSTROUTING_CHAIN),
    append('nat', 'POSTROUTING', toChain),
    ...rules.map((each) => append('nat', facts.POSTROUTING_CHAIN, each)),
  ];
}

/** Container engines and careful administrators set the policy of FORWARD to DROP; pods must pass all the same. */
function forwardAccept(network: Cidr): RuleOp[] {
  const rule = (where: Pick<Rule, 'src' | 'dst'>, target: Target, why: string): Rule => ({
    ...where,
    matches: [comment(facts.FORWARD_NOTE)],
    target,
    origin: { by: 'flanneld', why },
  });
  const net = { value: network };
  return [
    newChain('filter', facts.FORWARD_CHAIN),
    append(
      'filter',
      'FORWARD',
      rule({}, jump(facts.FORWARD_CHAIN), 'pods pass even where the policy of FORWARD is DROP'),
    ),
    append('filter', facts.FORWARD_CHAIN, rule({ src: net }, ACCEPT, 'from a pod')),
    append('filter', facts.FORWARD_CHAIN, rule({ dst: net }, ACCEPT, 'to a pod')),
  ];
}
