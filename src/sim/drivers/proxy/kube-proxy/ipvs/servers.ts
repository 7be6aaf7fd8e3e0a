/** Virtual and real servers (pkg/proxy/ipvs/proxier.go `syncService`, `syncEndpoint`, v1.33). */
import type { RealServer, VirtualServer } from '../../../../linux/ipvs/table.ts';
import type { Ip } from '../../../../wire/ip.ts';
import { type Categorized, categorizeEndpoints } from '../categorize.ts';
import { hintedWhy, origin } from '../decide.ts';
import type { ProxyEndpoint, ServicePort } from '../service-port.ts';
import type { IpvsOptions } from './options.ts';
import type { NodePlaces } from './places.ts';

/** All of one service port: its clusterIP, external IPs, load balancer IPs, and its node port on each address of the node. */
export function virtualServers(port: ServicePort, places: NodePlaces, options: IpvsOptions): VirtualServer[] {
  const endpoints = categorizeEndpoints(port.endpoints, port, port.node ?? null);
  const internal = chosen(endpoints, port.internalPolicyLocal);
  const external = chosen(endpoints, port.externalPolicyLocal);
  const base = {
    proto: port.protocol,
    scheduler: options.scheduler,
    ...(options.scheduler === 'mh' ? { flags: ['mh-port' as const] } : {}),
    ...(port.affinitySeconds === null ? {} : { persistentSeconds: port.affinitySeconds }),
  };
  const at = (ip: Ip, number: number, list: readonly ProxyEndpoint[], why: string): VirtualServer => {
    const hinted = hintedWhy(port, endpoints, list);
    return {
      ...base,
      ip,
      port: number,
      realServers: realServers(port, list),
      origin: origin(port, hinted ? `${why}, ${hinted}` : why),
    };
  };
  const nodePort = port.nodePort;
  return [
    at(port.clusterIP, port.port, internal, 'its clusterIP stands for its endpoints'),
    ...port.externalIPs.map((ip) => at(ip, port.port, external, 'its external IP stands for its endpoints')),
    ...port.loadBalancerIPs.map((ip) =>
      at(ip, port.port, external, 'the load balancer delivers to the node with this address'),
    ),
    ...(nodePort === null
      ? []
      : places.nodePorts.map((ip) =>
          at(ip, nodePort, external, `node port ${nodePort} of every node stands for its endpoints`),
        )),
  ];
}

/** Policy Local without a local endpoint falls back to all of them; unlike in the other modes nothing is refused or dropped. */
function chosen({ cluster, local }: Categorized, wantsLocal: boolean): readonly ProxyEndpoint[] {
  if (wantsLocal && local !== null && local.length > 0) return local;
  return cluster ?? [];
}

/** The real order of adding is that of a Go set: any. A fixed one keeps a plan a function of the cluster. */
function realServers(port: ServicePort, endpoints: readonly ProxyEndpoint[]): RealServer[] {
  const why = origin(port, 'an endpoint of the Service');
  return endpoints.map((endpoint) => ({ ip: endpoint.ip, port: endpoint.port, weight: 1, origin: why }));
}
