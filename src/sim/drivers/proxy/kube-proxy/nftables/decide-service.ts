/** What this mode decides about a service port before it writes anything (pkg/proxy/nftables/proxier.go, v1.33 to v1.35). */
import type { Ip } from '../../../../wire/ip.ts';
import { type EndpointUse, endpointUse } from '../decide.ts';
import type { LocalDetector } from '../options.ts';
import type { ProxyEndpoint, ServicePort } from '../service-port.ts';
import { type EndpointNames, endpointNames, type ServiceNames, serviceNames } from './names.ts';
import type { NftLayout } from './options.ts';

/** What the objects of a service port depend on beside the service port itself. */
export interface NftServiceContext {
  readonly layout: NftLayout;
  readonly family: 4 | 6;
  readonly mark: number;
  readonly masqueradeAll: boolean;
  readonly detector: LocalDetector | null;
  readonly nodeIP: Ip | null;
}

/** A service port with everything decided that its objects need. */
export interface NftDecided extends EndpointUse {
  readonly port: ServicePort;
  readonly context: NftServiceContext;
  readonly names: ServiceNames;
  /** Of each reachable endpoint. */
  readonly endpointNames: ReadonlyMap<ProxyEndpoint, EndpointNames>;
  readonly internalChain: string;
  readonly externalChain: string;
  readonly usesFirewall: boolean;
}

export function decideNft(port: ServicePort, context: NftServiceContext): NftDecided {
  const names = serviceNames(port);
  const use = endpointUse(port);
  return {
    ...use,
    port,
    context,
    names,
    endpointNames: new Map(use.endpoints.reachable.map((each) => [each, endpointNames(names.text, each)])),
    internalChain: port.internalPolicyLocal ? names.local : names.service,
    externalChain: port.externalPolicyLocal ? names.local : names.service,
    usesFirewall: port.loadBalancerIPs.length > 0 && port.sourceRanges.length > 0,
  };
}
