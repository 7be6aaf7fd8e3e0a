/** Packets come to a node as the client sent them, and the node answers the client itself (direct server return). */
import type { Cluster, ClusterService } from '../../../kube/cluster.ts';
import type { VirtualServer } from '../../../linux/ipvs/table.ts';
import type { Origin } from '../../../linux/origin.ts';
import type { AskNodes, Fragment } from '../../contract.ts';
import { BALANCER } from './facts.ts';
import { isBalanced, rotationOf } from './health.ts';

/**
 * SIMPLIFIED: IPVS with direct routing and its Maglev scheduler stands for a cloud's many forwarding machines, which choose alike
 * without talking to each other, and which put the packet into an envelope of the cloud's own.
 */
export function passthrough(cluster: Cluster, ask: AskNodes): Fragment {
  return { ipvs: cluster.services.filter(isBalanced).flatMap((service) => virtualServers(cluster, service, ask)) };
}

function virtualServers(cluster: Cluster, service: ClusterService, ask: AskNodes): VirtualServer[] {
  const { nodes, isLastResort } = rotationOf(cluster, service, ask);
  const why = isLastResort
    ? 'no node is healthy, so every node gets packets'
    : 'these nodes answered its health check well';
  const origin: Origin = { by: BALANCER, for: `Service ${service.namespace}/${service.name}`, why };
  // By client address alone where a client is to come back to the same place.
  const flags = service.sessionAffinity ? {} : { flags: ['mh-port'] as const };
  return service.loadBalancerIPs.flatMap((ip) =>
    service.ports.map(
      ({ port, protocol }): VirtualServer => ({
        ip,
        port,
        proto: protocol.toLowerCase() as VirtualServer['proto'],
        scheduler: 'mh',
        ...flags,
        realServers: nodes.map((node) => ({ ip: node.ip, port, weight: 1, forward: 'route', origin })),
        origin,
      }),
    ),
  );
}
