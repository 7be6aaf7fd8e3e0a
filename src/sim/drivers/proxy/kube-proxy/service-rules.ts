/**
 * The rules of one service port (pkg/proxy/iptables/proxier.go `syncProxyRules`, v1.33). A function of the service port and of few flags,
 * so a result can be kept while its Service and endpoints stay the same.
 */

import type { Match, Rule, Target } from '../../../linux/netfilter/iptables/rule.ts';
import { familyOf, type Ip, LOOPBACK_NET } from '../../../wire/ip.ts';
import { ACCEPT, comment, DROP, dstType, hostNet, jump, nfacct } from '../../parts/rules.ts';
import { rejectIn } from './base-rules.ts';
import { balancerSources, type Decided, decide, type NamedChain, origin, type RuleContext } from './decide.ts';
import { balancingRules, endpointRules } from './endpoint-rules.ts';
import { externalRules } from './external-rules.ts';
import { LOOPBACK_COUNTER, MARK_MASQ } from './facts.ts';
import type { LocalDetector } from './options.ts';
import type { ServicePort } from './service-port.ts';

/** What a service port adds to the shared chains, and its own chains (all in nat). */
export interface ServicePortRules {
  readonly natServices: readonly Rule[];
  readonly natNodePorts: readonly Rule[];
  readonly filterServices: readonly Rule[];
  readonly filterExternalServices: readonly Rule[];
  readonly filterNodePorts: readonly Rule[];
  readonly filterProxyFirewall: readonly Rule[];
  readonly chains: readonly NamedChain[];
}

export function servicePortRules(port: ServicePort, context: RuleContext): ServicePortRules {
  const decided = decide(port, context);
  return {
    natServices: natServices(decided),
    natNodePorts: natNodePorts(decided),
    filterServices: decided.hasInternal ? [] : [refuse(decided, 'internal', toAddress(port, port.clusterIP))],
    filterExternalServices: decided.hasExternal ? [] : refuseExternal(decided),
    filterNodePorts: healthCheck(port),
    filterProxyFirewall: decided.usesFw ? proxyFirewall(decided) : [],
    chains: ownChains(decided),
  };
}

/** `-m tcp --dport PORT`. */
function dport(port: ServicePort, value: number): Match {
  return { kind: port.protocol, dport: { value: { from: value, to: value } } };
}

interface Destination {
  readonly rule: Pick<Rule, 'dst' | 'proto'>;
  readonly matches: readonly Match[];
}

function toAddress(port: ServicePort, ip: Ip): Destination {
  return {
    rule: { dst: { value: hostNet(ip) }, proto: { value: port.protocol } },
    matches: [dport(port, port.port)],
  };
}

function dispatch(port: ServicePort, what: string, to: Destination, chain: string, why: string): Rule {
  return {
    ...to.rule,
    matches: [comment(`${port.name} ${what}`), ...to.matches],
    target: jump(chain),
    origin: origin(port, why),
  };
}

function natServices(decided: Decided): Rule[] {
  const { port, chains } = decided;
  const rules: Rule[] = [];
  const add = (what: string, ip: Ip, chain: string, why: string): void => {
    rules.push(dispatch(port, what, toAddress(port, ip), chain, why));
  };
  if (decided.hasInternal) {
    add('cluster IP', port.clusterIP, decided.internalChain, 'its clusterIP stands for its endpoints');
  }
  if (!decided.usesExt) return rules;
  for (const ip of port.externalIPs) add('external IP', ip, chains.ext, 'its external IP stands for its endpoints');
  for (const ip of port.loadBalancerIPs) {
    const to = decided.usesFw ? chains.fw : chains.ext;
    add('loadbalancer IP', ip, to, 'the load balancer delivers to the node with this address');
  }
  return rules;
}

/** v1.32 and later count the connections that use a node port of loopback, which is to go away (KEP-4860). */
function natNodePorts({ port, chains, usesExt, context }: Decided): Rule[] {
  if (!usesExt || port.nodePort === null) return [];
  const rule: Rule = {
    proto: { value: port.protocol },
    matches: [comment(port.name), dport(port, port.nodePort)],
    target: jump(chains.ext),
    origin: origin(port, `node port ${port.nodePort} of every node stands for its endpoints`),
  };
  if (!context.countsLoopback) return [rule];
  const counted: Rule = {
    ...rule,
    dst: { value: LOOPBACK_NET },
    matches: [...rule.matches, nfacct(LOOPBACK_COUNTER)],
    origin: origin(port, 'counts who still uses a node port of loopback'),
  };
  return [counted, rule];
}

/** REJECT when no endpoint exists anywhere, DROP when only this node has none. */
function refuse({ port, endpoints }: Decided, side: 'internal' | 'external', to: Destination): Rule {
  const { hasEndpoints } = endpoints;
  const target: Target = hasEndpoints ? DROP : rejectIn(familyOf(port.clusterIP));
  const policy = `${side}TrafficPolicy is Local and no endpoint is on this node`;
  return {
    ...to.rule,
    matches: [comment(`${port.name} has no ${hasEndpoints ? 'local ' : ''}endpoints`), ...to.matches],
    target,
    origin: origin(port, hasEndpoints ? policy : 'it has no endpoints, so nobody can answer'),
  };
}

function refuseExternal(decided: Decided): Rule[] {
  const { port } = decided;
  const addresses = [...port.externalIPs, ...port.loadBalancerIPs];
  const rules = addresses.map((ip) => refuse(decided, 'external', toAddress(port, ip)));
  if (port.nodePort !== null) {
    const matches = [dstType('LOCAL'), dport(port, port.nodePort)];
    rules.push(refuse(decided, 'external', { rule: { proto: { value: port.protocol } }, matches }));
  }
  return rules;
}

function healthCheck(port: ServicePort): Rule[] {
  if (port.healthCheckNodePort === null) return [];
  const rule: Rule = {
    proto: { value: 'tcp' },
    matches: [
      comment(`${port.name} health check node port`),
      { kind: 'tcp', dport: { value: { from: port.healthCheckNodePort, to: port.healthCheckNodePort } } },
    ],
    target: ACCEPT,
    origin: origin(port, 'the load balancer asks this port which nodes have endpoints'),
  };
  return [rule];
}

/** What KUBE-FW let pass was DNATed and has another destination here: only the rest still carries the address. */
function proxyFirewall({ port, chains }: Decided): Rule[] {
  return port.loadBalancerIPs.map((ip) => {
    const to = toAddress(port, ip);
    return {
      ...to.rule,
      matches: [comment(`${port.name} traffic not accepted by ${chains.fw}`), ...to.matches],
      target: DROP,
      origin: origin(port, 'loadBalancerSourceRanges does not name this source'),
    };
  });
}

function ownChains(decided: Decided): NamedChain[] {
  const { chains, endpoints } = decided;
  const { cluster, local } = endpoints;
  const found: NamedChain[] = [];
  const masquerade = masqueradeInternal(decided);
  for (const [name, list] of [[chains.svc, cluster] as const, [chains.svl, local] as const]) {
    if (list === null || list.length === 0) continue;
    const first = name === decided.internalChain ? masquerade : [];
    found.push({ name, rules: [...first, ...balancingRules(decided, list)] });
  }
  if (decided.usesExt) found.push({ name: chains.ext, rules: externalRules(decided) });
  if (decided.usesFw) found.push({ name: chains.fw, rules: firewallRules(decided) });
  return [...found, ...endpointRules(decided)];
}

/** It names the clusterIP again because what comes from KUBE-EXT walks the same chain. */
function masqueradeInternal({ port, context, hasInternal }: Decided): Rule[] {
  const { masqueradeAll, detector } = context;
  if (!hasInternal || (!masqueradeAll && !detector)) return [];
  const to = toAddress(port, port.clusterIP);
  const rule: Rule = {
    ...(masqueradeAll || !detector ? {} : notFromPod(detector)),
    ...to.rule,
    matches: [comment(`${port.name} cluster IP`), ...to.matches],
    target: jump(MARK_MASQ),
    origin: origin(port, 'the answer must come back through this node when the client is not a pod'),
  };
  return [rule];
}

const notFromPod = (detector: LocalDetector): Pick<Rule, 'src' | 'iif'> =>
  detector.kind === 'cidr'
    ? { src: { value: detector.cidr, invert: true } }
    : { iif: { value: detector.device, invert: true } };

function firewallRules({ port, chains, context }: Decided): Rule[] {
  const allow = (src: Rule['src'], why: string): Rule => ({
    ...(src ? { src } : {}),
    matches: [comment(`${port.name} loadbalancer IP`)],
    target: jump(chains.ext),
    origin: origin(port, why),
  });
  const selves = balancerSources(port, context.nodeIP);
  return [
    ...port.sourceRanges.map((value) => allow({ value }, 'loadBalancerSourceRanges names this source')),
    ...selves.map((ip) => allow({ value: hostNet(ip) }, 'the node may also call through the address of the balancer')),
    {
      matches: [comment(`other traffic to ${port.name} will be dropped by KUBE-PROXY-FIREWALL`)],
      target: null,
      origin: origin(port, 'a note for people: it has no target'),
    },
  ];
}
