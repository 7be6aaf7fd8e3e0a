/** Routes to the pods of other nodes by way of these nodes: who writes them differs, what they are does not. */
import type { Cluster, ClusterNode } from '../../kube/cluster.ts';
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
