/** The node as a proxier sees it. */
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import { ip } from '../../../wire/ip.ts';
import type { LocalDetector, NodeView, ProxyOptions } from './options.ts';

/** SIMPLIFIED: of the node's addresses a proxy is told loopback and the node's own one, not those of devices that the CNI makes. */
export function viewOf(cluster: Cluster, node: ClusterNode, options: Pick<ProxyOptions, 'detectLocal'>): NodeView {
  return {
    nodeName: node.name,
    family: 4,
    nodeIP: node.ip,
    localAddresses: [ip('127.0.0.1'), node.ip],
    detector: detectorOf(cluster, node, options),
    zone: node.zone ?? '',
  };
}

function detectorOf(
  cluster: Cluster,
  node: ClusterNode,
  { detectLocal }: Pick<ProxyOptions, 'detectLocal'>,
): LocalDetector | null {
  switch (detectLocal.mode) {
    case 'ClusterCIDR':
      // cmd/kube-proxy/app/server_linux.go `getLocalDetectors`, v1.34: none configured means that it cannot tell.
      return cluster.noClusterCIDR ? null : { kind: 'cidr', cidr: cluster.podCIDR };
    case 'NodeCIDR':
      return { kind: 'cidr', cidr: node.podCIDR };
    case 'BridgeInterface':
      return { kind: 'device', device: detectLocal.bridge };
    case 'InterfaceNamePrefix':
      return { kind: 'device', device: `${detectLocal.prefix}+` };
    case 'None':
      return null;
  }
}
