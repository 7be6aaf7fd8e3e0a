import { type Cluster, type ClusterNode, type ClusterPod, podNs } from '../../kube/cluster.ts';
import { ipsOf } from '../../kube/families.ts';
import { type Cidr, cidrHas } from '../../wire/ip.ts';

/** The cluster as it was just before the pod came, everything else being as it is now. */
export function withoutPod(cluster: Cluster, pod: ClusterPod): Cluster {
  const ref = podNs(pod);
  const pods = cluster.pods.filter((one) => one !== pod);
  const isUsed = (net: Cidr, { tunnelIp, tunnelIps }: ClusterNode): boolean =>
    (tunnelIps ?? (tunnelIp === undefined ? [] : [tunnelIp])).some((ip) => cidrHas(net, ip)) ||
    pods.some((one) => ipsOf(one).some((ip) => cidrHas(net, ip)));
  return {
    ...cluster,
    pods,
    // A block is claimed for the first address out of it.
    nodes: cluster.nodes.map((node) =>
      node.blocks ? { ...node, blocks: node.blocks.filter((net) => isUsed(net, node)) } : node,
    ),
    services: cluster.services.map((service) => ({
      ...service,
      ports: service.ports.map((port) => ({
        ...port,
        endpoints: port.endpoints.filter((endpoint) => endpoint.pod !== ref),
      })),
    })),
  };
}
