/** What kube-proxy writes for no Service in particular (proxier.go `iptablesJumpChains` and `syncProxyRules`, v1.33). */
import type { HookName, Match, Rule, RuleOp, TableName, Target } from '../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../linux/origin.ts';
import { cidr, cidrHas, type Ip, LOOPBACK_NET } from '../../../wire/ip.ts';
import { KUBE_FIREWALL } from '../../parts/kubelet.ts';
import {
  ACCEPT,
  comment,
  ctstate,
  DROP,
  dstType,
  hostNet,
  insert,
  jump,
  markIs,
  markIsNot,
  newChain,
  nfacct,
  RETURN,
} from '../../parts/rules.ts';
import * as facts from './facts.ts';
import type { NodeView, ProxyOptions } from './options.ts';

type Jump = readonly [table: TableName, from: HookName, to: string, note: string, isForNew: boolean];

const PORTALS = 'kubernetes service portals';
const EXTERNAL = 'kubernetes externally-visible service portals';
const FIREWALL = 'kubernetes load balancer firewall';

/** In the order in which they are put first, so a base chain shows them in reverse. */
const JUMPS: readonly Jump[] = [
  ['filter', 'INPUT', facts.EXTERNAL_SERVICES, EXTERNAL, true],
  ['filter', 'FORWARD', facts.EXTERNAL_SERVICES, EXTERNAL, true],
  ['filter', 'INPUT', facts.NODEPORTS, 'kubernetes health check service ports', false],
  ['filter', 'FORWARD', facts.SERVICES, PORTALS, true],
  ['filter', 'OUTPUT', facts.SERVICES, PORTALS, true],
  ['filter', 'FORWARD', facts.FORWARD, 'kubernetes forwarding rules', false],
  ['filter', 'INPUT', facts.PROXY_FIREWALL, FIREWALL, true],
  ['filter', 'OUTPUT', facts.PROXY_FIREWALL, FIREWALL, true],
  ['filter', 'FORWARD', facts.PROXY_FIREWALL, FIREWALL, true],
  ['nat', 'OUTPUT', facts.SERVICES, PORTALS, false],
  ['nat', 'PREROUTING', facts.SERVICES, PORTALS, false],
  ['nat', 'POSTROUTING', facts.POSTROUTING, 'kubernetes postrouting rules', false],
];

const origin = (why: string): Origin => ({ by: 'kube-proxy', why });

/** Canary chains and jumps. On IPv4 kubelet already jumps to KUBE-FIREWALL, and a jump that is there is not added again. */
export function baseJumps(family: 4 | 6): RuleOp[] {
  const canaries = (['mangle', 'nat', 'filter'] as const).map((table) => newChain(table, facts.CANARY));
  const jumps = JUMPS.flatMap(([table, from, to, note, isForNew]) => {
    const matches = [...(isForNew ? [ctstate('NEW')] : []), comment(note)];
    return [newChain(table, to), insert(table, from, { matches, target: jump(to), origin: origin(whyJump(to)) })];
  });
  return [...canaries, ...jumps, ...(family === 6 ? firewallJumps() : [])];
}

function firewallJumps(): RuleOp[] {
  const rule: Rule = { matches: [], target: jump(KUBE_FIREWALL), origin: origin('what kubelet writes for IPv4 only') };
  return [newChain('filter', KUBE_FIREWALL), insert('filter', 'INPUT', rule), insert('filter', 'OUTPUT', rule)];
}

function whyJump(to: string): string {
  if (to === facts.POSTROUTING) return 'packets marked for masquerade get the address of this node';
  if (to === facts.FORWARD) return 'Service traffic is forwarded whatever the policy of FORWARD is';
  if (to === facts.NODEPORTS) return 'load balancers may ask for the health of this node';
  if (to === facts.EXTERNAL_SERVICES)
    return 'new connections to node ports and external addresses that nobody serves are refused';
  if (to === facts.PROXY_FIREWALL)
    return 'new connections to a load balancer from outside its source ranges are dropped';
  return 'new connections are looked up among the Services';
}

/** `-j REJECT`, as each of the two tools reads it. */
export const rejectIn = (family: 4 | 6): Target => ({
  kind: 'REJECT',
  with: family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable',
});

/** The mark as bits. */
export function masqueradeMark(options: ProxyOptions): number {
  return (1 << options.masqueradeBit) >>> 0;
}

export function postroutingRules(options: ProxyOptions): Rule[] {
  const mark = masqueradeMark(options);
  const why = origin('only packets that some Service rule marked are masqueraded');
  return [
    { matches: [markIsNot(mark)], target: RETURN, origin: why },
    {
      matches: [],
      target: { kind: 'MARK', value: mark, mask: 0 },
      origin: origin('the mark goes, so that a packet which passes here again (in a tunnel) is left alone'),
    },
    {
      matches: [comment('kubernetes service traffic requiring SNAT')],
      target: { kind: 'MASQUERADE', ...(options.randomFully ? { randomFully: true as const } : {}) },
      origin: origin('the answer must come back to this node, which undoes the DNAT'),
    },
  ];
}

export function markMasqRules(options: ProxyOptions): Rule[] {
  const mark = masqueradeMark(options);
  const why = origin('remembers until POSTROUTING that this packet must be masqueraded');
  return [{ matches: [], target: { kind: 'MARK', value: mark, mask: mark }, origin: why }];
}

export function forwardRules(options: ProxyOptions): Rule[] {
  const mark = masqueradeMark(options);
  const invalid: Rule = {
    matches: [ctstate('INVALID'), ...(options.nfacct ? [nfacct(facts.INVALID_COUNTER)] : [])],
    target: DROP,
    origin: origin('a packet that conntrack does not know would leave with an address that was never translated'),
  };
  return [
    ...(options.conntrackTcpBeLiberal ? [] : [invalid]),
    {
      matches: [comment('kubernetes forwarding rules'), markIs(mark)],
      target: ACCEPT,
      origin: origin('marked Service traffic is forwarded whatever the policy of FORWARD is'),
    },
    {
      matches: [comment('kubernetes forwarding conntrack rule'), ctstate('RELATED', 'ESTABLISHED')],
      target: ACCEPT,
      origin: origin('answers are forwarded whatever the policy of FORWARD is'),
    },
  ];
}

const LAST_RULE = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain';
const V6_LOOPBACK = cidr('::1/128');

/** The end of nat KUBE-SERVICES: what is for the node itself may be for a node port. */
export function nodePortJumps(view: NodeView, options: ProxyOptions): Rule[] {
  const rule = (dst: Rule['dst'], matches: readonly Match[]): Rule => ({
    ...(dst ? { dst } : {}),
    matches: [comment(LAST_RULE), ...matches],
    target: jump(facts.NODEPORTS),
    origin: origin('what is addressed to the node itself may be for a node port'),
  });
  const skipsLoopback = view.family === 6 || !options.localhostNodePorts;
  const loopback = view.family === 6 ? V6_LOOPBACK : LOOPBACK_NET;
  if (servesAllAddresses(view, options)) {
    return [rule(skipsLoopback ? { value: loopback, invert: true } : undefined, [dstType('LOCAL')])];
  }
  return servedAddresses(view, options)
    .filter((ip) => !(skipsLoopback && cidrHas(loopback, ip)))
    .map((ip) => rule({ value: hostNet(ip) }, []));
}

function servesAllAddresses({ family }: NodeView, { nodePortAddresses }: ProxyOptions): boolean {
  const ours = nodePortAddresses.filter((net) => net.family === family);
  return ours.length === 0 || ours.some((net) => net.prefix === 0);
}

function servedAddresses(view: NodeView, { nodePortAddresses }: ProxyOptions): readonly Ip[] {
  return view.localAddresses.filter((ip) => nodePortAddresses.some((net) => cidrHas(net, ip)));
}

/** Whether node ports answer on loopback, for which the kernel needs `route_localnet`. */
export function servesLoopback(view: NodeView, options: ProxyOptions): boolean {
  if (!options.localhostNodePorts || view.family === 6) return false;
  return servesAllAddresses(view, options) || servedAddresses(view, options).some((ip) => cidrHas(LOOPBACK_NET, ip));
}
