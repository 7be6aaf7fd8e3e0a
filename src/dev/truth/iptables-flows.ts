/**
 * Where kube-proxy's own tests expect a first packet to end. The tracer here is as simple as theirs: it ignores protocols, remembers no client,
 * takes `mark` and `ctstate` as never true, follows every random branch, and runs the Service chains only. The kernel model has its own tests.
 */

import { MARK_MASQ } from '../../sim/drivers/proxy/kube-proxy/facts.ts';
import type { RecordedInputs } from '../../sim/drivers/proxy/kube-proxy/recorded-case.ts';
import type { Match, Rule, Ruleset, TableName } from '../../sim/linux/netfilter/iptables/rule.ts';
import { cidrHas, type Ip, ip, LOOPBACK_NET } from '../../sim/wire/ip.ts';

/** A first packet of a case, and where it ends: endpoints that may be chosen, REJECT, DROP, ACCEPT, or nothing. */
export interface RecordedFlow {
  readonly name: string;
  readonly sourceIP: string;
  readonly destIP: string;
  readonly destPort: number;
  readonly expectedOutput: string;
  readonly masq?: boolean;
}

export interface WalkedFlow {
  readonly output: string;
  readonly masq: boolean;
}

interface Packet {
  readonly src: Ip;
  readonly dst: Ip;
  readonly port: number;
}

interface Walk {
  readonly ruleset: Ruleset;
  readonly isLocal: (address: Ip) => boolean;
  readonly outputs: string[];
  isMasqueraded: boolean;
}

function isMatch(match: Match, packet: Packet, walk: Walk): boolean {
  switch (match.kind) {
    case 'tcp':
    case 'udp':
      return match.dport === undefined || match.dport.value.from === packet.port;
    case 'addrtype': {
      const isSource = match.src === undefined || walk.isLocal(packet.src);
      return isSource && (match.dst === undefined || walk.isLocal(packet.dst));
    }
    case 'comment':
    case 'statistic':
      return true;
    case 'recent':
      return match.op === 'set';
    default:
      return false;
  }
}

function isRuleFor(rule: Rule, packet: Packet, walk: Walk): boolean {
  const isIn = (net: Rule['src'], address: Ip): boolean =>
    net === undefined || cidrHas(net.value, address) !== (net.invert === true);
  return (
    isIn(rule.src, packet.src) &&
    isIn(rule.dst, packet.dst) &&
    rule.matches.every((each) => isMatch(each, packet, walk))
  );
}

/** True when the packet's fate is decided. Of a random choice every branch is walked, so it decides only at its last rule. */
function walkChain(table: TableName, name: string, packet: Packet, walk: Walk): boolean {
  for (const rule of walk.ruleset.get(table)?.chains.get(name)?.rules ?? []) {
    if (!isRuleFor(rule, packet, walk)) continue;
    const { target } = rule;
    if (target?.kind === 'jump' && target.chain === MARK_MASQ) walk.isMasqueraded = true;
    else if (target?.kind === 'jump') {
      const isRandom = rule.matches.some(({ kind }) => kind === 'statistic');
      if (walkChain(table, target.chain, packet, walk) && !isRandom) return true;
    } else if (target?.kind === 'DNAT') {
      walk.outputs.push(`${target.to}:${target.port}`);
      return true;
    } else if (target?.kind === 'ACCEPT' || target?.kind === 'DROP' || target?.kind === 'REJECT') {
      walk.outputs.push(target.kind);
      return true;
    }
  }
  return false;
}

const FILTER_CHAINS = ['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'KUBE-NODEPORTS', 'KUBE-PROXY-FIREWALL'];

/** Filter chains see the address after DNAT, which no Service rule names, so a translated packet passes them. */
/** Where the packet ends in these rules: those that a sync writes, or those of a dump. */
export function iptablesFlow(ruleset: Ruleset, { nodeIPs: texts }: RecordedInputs, flow: RecordedFlow): WalkedFlow {
  const nodeIPs = texts.map(ip);
  const isLocal = (address: Ip): boolean => cidrHas(LOOPBACK_NET, address) || nodeIPs.includes(address);
  const walk: Walk = { ruleset, isLocal, outputs: [], isMasqueraded: false };
  const packet: Packet = { src: ip(flow.sourceIP), dst: ip(flow.destIP), port: flow.destPort };
  const isTranslated = walkChain('nat', 'KUBE-SERVICES', packet, walk);
  if (!isTranslated) FILTER_CHAINS.some((chain) => walkChain('filter', chain, packet, walk));
  return { output: walk.outputs.join(', '), masq: walk.isMasqueraded };
}
