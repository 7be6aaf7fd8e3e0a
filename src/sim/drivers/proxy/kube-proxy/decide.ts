/** What kube-proxy decides about a service port before it writes a rule (pkg/proxy/iptables/proxier.go, v1.33). */
import type { Rule } from '../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../linux/origin.ts';
import { cidrHas, type Ip } from '../../../wire/ip.ts';
import { type Categorized, categorizeEndpoints } from './categorize.ts';
import { endpointChain, type ServiceChains, serviceChains } from './chain-names.ts';
import type { LocalDetector } from './options.ts';
import { isAccessible, type ProxyEndpoint, type ServicePort } from './service-port.ts';

/** What the rules of a service port depend on beside the service port itself. */
export interface RuleContext {
  readonly masqueradeAll: boolean;
  readonly detector: LocalDetector | null;
  readonly nodeIP: Ip | null;
  /** Endpoint rules carry no comments. */
  readonly isLargeCluster: boolean;
  /** Connections to node ports of loopback are counted. */
  readonly countsLoopback: boolean;
}

export interface NamedChain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** A service port with everything decided that its iptables rules need. */
export interface Decided extends EndpointUse {
  readonly port: ServicePort;
  readonly chains: ServiceChains;
  /** The chain of each reachable endpoint. */
  readonly endpointChains: ReadonlyMap<ProxyEndpoint, string>;
  readonly internalChain: string;
  readonly externalChain: string;
  readonly usesFw: boolean;
  readonly context: RuleContext;
}

/** What every mode decides about a service port. */
export interface EndpointUse {
  readonly endpoints: Categorized;
  /** Some endpoint answers what is sent to the clusterIP. */
  readonly hasInternal: boolean;
  /** Some endpoint answers what comes from outside. */
  readonly hasExternal: boolean;
  /** Somebody may send to an external address of it, and gets an answer. */
  readonly usesExt: boolean;
}

export function endpointUse(port: ServicePort): EndpointUse {
  const endpoints = categorizeEndpoints(port.endpoints, port, port.node ?? null);
  const { hasEndpoints, local } = endpoints;
  const hasLocal = local !== null && local.length > 0;
  return {
    endpoints,
    hasInternal: hasEndpoints && (!port.internalPolicyLocal || hasLocal),
    hasExternal: hasEndpoints && (!port.externalPolicyLocal || hasLocal),
    usesExt: hasEndpoints && isAccessible(port),
  };
}

export function decide(port: ServicePort, context: RuleContext): Decided {
  const chains = serviceChains(port.name, port.protocol);
  const use = endpointUse(port);
  const { hasEndpoints, reachable } = use.endpoints;
  return {
    ...use,
    port,
    chains,
    endpointChains: new Map(reachable.map((each) => [each, endpointChain(port.name, port.protocol, each.text)])),
    internalChain: port.internalPolicyLocal ? chains.svl : chains.svc,
    externalChain: port.externalPolicyLocal ? chains.svl : chains.svc,
    usesFw: hasEndpoints && port.loadBalancerIPs.length > 0 && port.sourceRanges.length > 0,
    context,
  };
}

/** Where the node may call a load balancer, it may also come from the balancer's own addresses. */
export function balancerSources(port: ServicePort, nodeIP: Ip | null): readonly Ip[] {
  const isNodeAllowed = nodeIP !== null && port.sourceRanges.some((range) => cidrHas(range, nodeIP));
  return isNodeAllowed ? port.loadBalancerIPs : [];
}

/** Why these endpoints, and how one of them is chosen. */
export function sharesWhy(port: ServicePort, endpoints: Categorized, list: readonly ProxyEndpoint[]): string {
  const hinted = hintedWhy(port, endpoints, list);
  if (hinted) return `${hinted}${list.length === 1 ? '' : ', and each gets an equal share'}`;
  return list.length === 1 ? 'it is the only endpoint' : `each of ${list.length} endpoints gets an equal share`;
}

/** What topology hints made of the list: `only 2 of 5 endpoints are used here, those hinted for zone-b, the zone of node-2`. */
export function hintedWhy(
  { endpoints: all, node }: ServicePort,
  { near, cluster }: Categorized,
  list: readonly ProxyEndpoint[],
): string | null {
  // Policy Local does not ask for hints.
  if (near === null || !node || list !== cluster) return null;
  const ready = all.filter((endpoint) => endpoint.ready).length;
  const [are, those] = list.length === 1 ? ['is', 'the one'] : ['are', 'those'];
  const place = near === 'node' ? node.name : `${node.zone}, the zone of ${node.name}`;
  return `only ${list.length} of ${ready} endpoints ${are} used here, ${those} hinted for ${place}`;
}

export function origin(port: ServicePort, why: string): Origin {
  return { by: 'kube-proxy', for: `Service ${port.service}`, why };
}
