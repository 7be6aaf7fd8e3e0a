/** Packets come to a node as the client sent them, and the node answers the client itself (direct server return). */
import { once } from '../../../base/once.ts';
import type { Cluster, ClusterService } from '../../../kube/cluster.ts';
import type { RealServer, VirtualServer } from '../../../linux/ipvs/table.ts';
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
  const origin = signed(service, 'a listener of this load balancer');
  // By client address alone where a client is to come back to the same place.
  const flags = service.sessionAffinity ? {} : { flags: ['mh-port'] as const };
  return service.loadBalancerIPs.flatMap((ip) =>
    service.ports.map(({ port, protocol }): VirtualServer => {
      // The nodes are asked when the first packet comes: of a hundred Services it asks for one.
      const servers = once(() => realServers(cluster, service, port, ask));
      return {
        ip,
        port,
        proto: protocol.toLowerCase() as VirtualServer['proto'],
        scheduler: 'mh',
        ...flags,
        get realServers() {
          return servers();
        },
        origin,
      };
    }),
  );
}

function realServers(cluster: Cluster, service: ClusterService, port: number, ask: AskNodes): readonly RealServer[] {
  const { nodes, isLastResort } = rotationOf(cluster, service, ask);
  return nodes.map(({ name, ip }) => {
    const why = isLastResort ? 'no node is healthy, so every node is used' : `${name} answered its health check`;
    return { ip, port, weight: 1, forward: 'route', origin: signed(service, why) };
  });
}

const signed = ({ namespace, name }: ClusterService, why: string): Origin => ({
  by: BALANCER,
  for: `Service ${namespace}/${name}`,
  why,
});
