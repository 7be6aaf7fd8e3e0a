import { must } from '../../../base/assert.ts';
import { storedProbability } from '../../../linux/netfilter/iptables/print.ts';
import type { Match, Rule } from '../../../linux/netfilter/iptables/rule.ts';
import { comment, hostNet, jump } from '../../parts/rules.ts';
import { type Decided, type NamedChain, origin, sharesWhy } from './decide.ts';
import { MARK_MASQ, PROBABILITY_DIGITS } from './facts.ts';
import type { ProxyEndpoint, ServicePort } from './service-port.ts';

/** The rules of KUBE-SVC and KUBE-SVL that choose an endpoint: remembered clients first, then by chance. */
export function balancingRules(decided: Decided, list: readonly ProxyEndpoint[]): Rule[] {
  const { port } = decided;
  const remembered = port.affinitySeconds === null ? [] : rememberingRules(decided, list, port.affinitySeconds);
  const why = sharesWhy(port, decided.endpoints, list);
  const byChance = list.map((endpoint, i) => {
    const left = list.length - i;
    const how: Match[] = left === 1 ? [] : [{ kind: 'statistic', probability: chance(left) }];
    return choiceRule(decided, endpoint, how, why);
  });
  return [...remembered, ...byChance];
}

function rememberingRules(decided: Decided, list: readonly ProxyEndpoint[], seconds: number): Rule[] {
  return list.map((endpoint) => {
    const name = must(decided.endpointChains.get(endpoint), 'chain of an endpoint');
    const how: Match = { kind: 'recent', op: 'rcheck', name, seconds, reap: true };
    return choiceRule(decided, endpoint, [how], 'sessionAffinity is ClientIP and this client was here before');
  });
}

function choiceRule(decided: Decided, endpoint: ProxyEndpoint, how: readonly Match[], why: string): Rule {
  const { port, context, endpointChains: chains } = decided;
  return {
    matches: context.isLargeCluster ? how : [comment(`${port.name} -> ${endpoint.text}`), ...how],
    target: jump(must(chains.get(endpoint), 'chain of an endpoint')),
    origin: origin(port, why),
  };
}

/** 1/n as it arrives in the kernel: sent with ten digits, kept as a fraction of 2^31. */
export function chance(n: number): number {
  return storedProbability(Number((1 / n).toFixed(PROBABILITY_DIGITS)));
}

/** KUBE-SEP: one chain for each endpoint that some chain can choose. */
export function endpointRules({ port, endpointChains: chains, context }: Decided): NamedChain[] {
  return [...chains].map(([endpoint, name]) => {
    const note = context.isLargeCluster ? [] : [comment(port.name)];
    return { name, rules: [hairpinRule(port, endpoint, note), dnatRule(port, endpoint, note, name)] };
  });
}

function hairpinRule(port: ServicePort, endpoint: ProxyEndpoint, note: readonly Match[]): Rule {
  return {
    src: { value: hostNet(endpoint.ip) },
    matches: note,
    target: jump(MARK_MASQ),
    origin: origin(port, 'a pod that reached itself would answer itself directly'),
  };
}

function dnatRule(port: ServicePort, endpoint: ProxyEndpoint, note: readonly Match[], chain: string): Rule {
  const remember: Match[] = port.affinitySeconds === null ? [] : [{ kind: 'recent', op: 'set', name: chain }];
  return {
    proto: { value: port.protocol },
    matches: [...note, ...remember, { kind: port.protocol }],
    target: { kind: 'DNAT', to: endpoint.ip, port: endpoint.port },
    origin: origin(port, `endpoint ${endpoint.text} answers`),
  };
}
