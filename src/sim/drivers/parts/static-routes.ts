/** Routes to the pods of other nodes by way of these nodes: who writes them differs, what they are does not. */
import type { Cluster, ClusterNode } from '../../kube/cluster.ts';
import { shareSubnet } from '../../kube/subnets.ts';
import type { Route } from '../../linux/config.ts';

const NODE_DEVICE = 'eth0';

/** `10.244.2.0/24 via 192.168.56.12 dev eth0` for each other node. */
export function nodeRoutes(cluster: Cluster, node: ClusterNode, by: string): Route[] {
  const peers = cluster.nodes.filter((peer) => peer.name !== node.name);
  return peers.map(
    ({ name, ip: via, podCIDR: dst }): Route => ({
      dst,
      type: 'unicast',
      via,
      dev: NODE_DEVICE,
      table: 'main',
      scope: 'global',
      origin: { by, for: `Node ${name}`, why: `the pods of ${name} are behind that node` },
    }),
  );
}

/** The kernel takes a next hop only from a network that the node is in ("Nexthop has invalid gateway"). `whose`: "Static routes". */
export function refuseFarNodes(cluster: Cluster, whose: string): string | null {
  const [first] = cluster.nodes;
  const far = first && cluster.nodes.find((node) => !shareSubnet(cluster, first, node));
  if (!far) return null;
  return `${whose} need all nodes on one Ethernet segment, and ${first.name} (${first.ip}) reaches ${far.name} (${far.ip}) only through a router, which knows no pod network. Use a CNI with an overlay, or put all nodes into one subnet.`;
}
