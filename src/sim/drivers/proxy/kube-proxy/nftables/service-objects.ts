/**
 * What one service port adds to the table (pkg/proxy/nftables/proxier.go `syncProxyRules`, v1.33 to v1.35). A function of the service port
 * and of few flags, so a result can be kept while its Service and endpoints stay the same.
 */

import type { NftChain, NftElement, NftSet, NftVerdict } from '../../../../linux/netfilter/nftables/ruleset.ts';
import { DYNAMIC_SIZE_MAX, keyOf } from '../../../../linux/netfilter/nftables/ruleset.ts';
import type { Ip } from '../../../../wire/ip.ts';
import { origin } from '../decide.ts';
import type { ServicePort } from '../service-port.ts';
import { decideNft, type NftDecided, type NftServiceContext } from './decide-service.ts';
import * as facts from './facts.ts';
import { checksClusterIps } from './options.ts';
import { serviceChains } from './service-chains.ts';
import { goto } from './statements.ts';

/** Elements of the shared sets and maps, and its own sets and chains. */
export interface ServiceObjects {
  readonly elements: readonly (readonly [set: string, element: NftElement])[];
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}

export function serviceObjects(port: ServicePort, context: NftServiceContext): ServiceObjects {
  const decided = decideNft(port, context);
  return {
    elements: [...internalElements(decided), ...externalElements(decided), ...hairpinElements(decided)],
    sets: port.affinitySeconds === null ? [] : affinitySets(decided, port.affinitySeconds),
    chains: serviceChains(decided),
  };
}

type Elements = ServiceObjects['elements'];

function internalElements(decided: NftDecided): Elements {
  const { port, hasInternal, internalChain, context } = decided;
  const { clusterIP } = port;
  const own: NftElement = { key: clusterIP, origin: origin(port, 'its clusterIP is in use') };
  const answer: Elements[number] = hasInternal
    ? [facts.SERVICE_IPS, dispatch(port, clusterIP, internalChain, 'its clusterIP stands for its endpoints')]
    : [facts.NO_ENDPOINT_SERVICES, refuse(decided, 'internal', addressKey(port, clusterIP))];
  return checksClusterIps(context.layout) ? [[facts.CLUSTER_IPS, own], answer] : [answer];
}

const addressKey = (port: ServicePort, ip: Ip): string => keyOf(ip, port.protocol, port.port);

function dispatch(port: ServicePort, ip: Ip, chain: string, why: string): NftElement {
  return { key: addressKey(port, ip), verdict: goto(chain), origin: origin(port, why) };
}

/** REJECT when no endpoint exists anywhere, DROP when only this node has none. */
function refuse({ port, endpoints }: NftDecided, side: 'internal' | 'external', key: string): NftElement {
  const { hasEndpoints } = endpoints;
  const verdict: NftVerdict = hasEndpoints ? { kind: 'drop' } : goto(facts.REJECT);
  const policy = `${side}TrafficPolicy is Local and no endpoint is on this node`;
  const why = hasEndpoints ? policy : 'it has no endpoints, so nobody can answer';
  return { key, comment: port.name, verdict, origin: origin(port, why) };
}

/** What an external address answers is looked up first, so that a refusal only meets what no chain translated. */
function externalElements(decided: NftDecided): Elements {
  const { port, names, usesExt, usesFirewall } = decided;
  const found: (readonly [string, NftElement])[] = [];
  const whys = {
    external: 'its external IP stands for its endpoints',
    balancer: 'the load balancer delivers to the node with this address',
  };
  if (usesExt) {
    for (const ip of port.externalIPs)
      found.push([facts.SERVICE_IPS, dispatch(port, ip, names.external, whys.external)]);
    for (const ip of port.loadBalancerIPs)
      found.push([facts.SERVICE_IPS, dispatch(port, ip, names.external, whys.balancer)]);
  }
  if (usesFirewall) {
    const why = 'loadBalancerSourceRanges names who may come to this address';
    for (const ip of port.loadBalancerIPs) found.push([facts.FIREWALL_IPS, dispatch(port, ip, names.firewall, why)]);
  }
  return [...found, ...nodePortElements(decided), ...refusedElements(decided)];
}

function nodePortElements({ port, names, usesExt }: NftDecided): Elements {
  if (!usesExt || port.nodePort === null) return [];
  const key = keyOf(port.protocol, port.nodePort);
  const why = origin(port, `node port ${port.nodePort} of every node stands for its endpoints`);
  return [[facts.SERVICE_NODEPORTS, { key, verdict: goto(names.external), origin: why }]];
}

function refusedElements(decided: NftDecided): Elements {
  const { port, hasExternal } = decided;
  if (hasExternal) return [];
  const addresses = [...port.externalIPs, ...port.loadBalancerIPs];
  const refused = addresses.map(
    (ip) => [facts.NO_ENDPOINT_SERVICES, refuse(decided, 'external', addressKey(port, ip))] as const,
  );
  if (port.nodePort === null) return refused;
  const key = keyOf(port.protocol, port.nodePort);
  return [...refused, [facts.NO_ENDPOINT_NODEPORTS, refuse(decided, 'external', key)]];
}

/** Layout C knows by one lookup whether a pod reached itself; only pods of this node can. */
function hairpinElements({ port, context, endpoints }: NftDecided): Elements {
  if (context.layout !== 'C') return [];
  const why = origin(port, 'a pod that reached itself would answer itself directly');
  return endpoints.reachable
    .filter(({ local }) => local)
    .map((each) => [facts.HAIRPINS, { key: keyOf(each.ip, each.ip, port.protocol, each.port), origin: why }]);
}

function affinitySets({ port, context, endpointNames: names }: NftDecided, timeoutSeconds: number): NftSet[] {
  return Array.from(names.values(), ({ affinity }) => ({
    kind: 'set',
    name: affinity,
    type: [context.family === 4 ? 'ipv4_addr' : 'ipv6_addr'],
    sizeMax: DYNAMIC_SIZE_MAX,
    timeoutSeconds,
    elements: new Map(),
    origin: origin(port, 'sessionAffinity is ClientIP: clients that this endpoint answered'),
  }));
}
