import { storedProbability } from '../../../linux/netfilter/iptables/print.ts';
import type { Match, Rule } from '../../../linux/netfilter/iptables/rule.ts';
import { comment, hostNet, jump } from '../../parts/rules.ts';
import { endpointChain } from './chain-names.ts';
import { type Decided, type NamedChain, origin } from './decide.ts';
import { MARK_MASQ, PROBABILITY_DIGITS } from './facts.ts';
import type { ProxyEndpoint, ServicePort } from './service-port.ts';

/** The rules of KUBE-SVC and KUBE-SVL that choose an endpoint: remembered clients first, then by chance. */
export function balancingRules({ port, context }: Decided, list: readonly ProxyEndpoint[]): Rule[] {
  const rule = (endpoint: ProxyEndpoint, chain: string, how: readonly Match[], why: string): Rule => ({
    matches: [...(context.isLargeCluster ? [] : [comment(`${port.name} -> ${endpoint.text}`)]), ...how],
    target: jump(chain),
    origin: origin(port, why),
  });
  const chains = list.map((endpoint) => endpointChain(port.name, port.protocol, endpoint.text));
  const rules: Rule[] = [];
  if (port.affinitySeconds !== null) {
    const why = 'sessionAffinity is ClientIP and this client was here before';
    for (const [i, endpoint] of list.entries()) {
      const chain = chains[i] ?? '';
      rules.push(rule(endpoint, chain, [rememberedClient(chain, port.affinitySeconds)], why));
    }
  }
  for (const [i, endpoint] of list.entries()) {
    const left = list.length - i;
    const how: Match[] = left === 1 ? [] : [{ kind: 'statistic', probability: chance(left) }];
    rules.push(rule(endpoint, chains[i] ?? '', how, chanceInWords(list.length)));
  }
  return rules;
}

function rememberedClient(chain: string, seconds: number): Match {
  return { kind: 'recent', op: 'rcheck', name: chain, seconds, reap: true };
}

/** 1/n as it arrives in the kernel: sent with ten digits, kept as a fraction of 2^31. */
export function chance(n: number): number {
  return storedProbability(Number((1 / n).toFixed(PROBABILITY_DIGITS)));
}

function chanceInWords(n: number): string {
  return n === 1 ? 'it is the only endpoint' : `each of ${n} endpoints gets an equal share of new connections`;
}

/** KUBE-SEP: one chain for each endpoint that some chain can choose. */
export function endpointChains({ port, endpoints, context }: Decided): NamedChain[] {
  return endpoints.reachable.map((endpoint) => {
    const name = endpointChain(port.name, port.protocol, endpoint.text);
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
    matches: [...note, ...remember, { kind: port.protocol === 'tcp' ? 'tcp' : 'udp' }],
    target: { kind: 'DNAT', to: endpoint.ip, port: endpoint.port },
    origin: origin(port, `endpoint ${endpoint.text} answers`),
  };
}
