/** What kube-proxy decides about a service port before it writes a rule (pkg/proxy/iptables/proxier.go, v1.33). */
import type { Rule } from '../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../linux/origin.ts';
import type { Ip } from '../../../wire/ip.ts';
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
}

export interface NamedChain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** A service port with everything decided that its rules need. */
export interface Decided {
  readonly port: ServicePort;
  readonly chains: ServiceChains;
  readonly endpoints: Categorized;
  /** The chain of each reachable endpoint. */
  readonly endpointChains: ReadonlyMap<ProxyEndpoint, string>;
  readonly internalChain: string;
  readonly externalChain: string;
  readonly hasInternal: boolean;
  readonly hasExternal: boolean;
  readonly usesExt: boolean;
  readonly usesFw: boolean;
  readonly context: RuleContext;
}

export function decide(port: ServicePort, context: RuleContext): Decided {
  const chains = serviceChains(port.name, port.protocol);
  const endpoints = categorizeEndpoints(port.endpoints, port, null);
  const { hasEndpoints, local, reachable } = endpoints;
  const hasLocal = local !== null && local.length > 0;
  return {
    port,
    chains,
    endpoints,
    endpointChains: new Map(reachable.map((each) => [each, endpointChain(port.name, port.protocol, each.text)])),
    internalChain: port.internalPolicyLocal ? chains.svl : chains.svc,
    externalChain: port.externalPolicyLocal ? chains.svl : chains.svc,
    hasInternal: hasEndpoints && (!port.internalPolicyLocal || hasLocal),
    hasExternal: hasEndpoints && (!port.externalPolicyLocal || hasLocal),
    usesExt: hasEndpoints && isAccessible(port),
    usesFw: hasEndpoints && port.loadBalancerIPs.length > 0 && port.sourceRanges.length > 0,
    context,
  };
}

export function origin(port: ServicePort, why: string): Origin {
  return { by: 'kube-proxy', for: `Service ${port.service}`, why };
}
