/** The node as each proxier sees it: kube-proxy runs one for each family (cmd/kube-proxy/app/server_linux.go `createProxier`, v1.33). */
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import { type Family, familiesOf, inFamily } from '../../../kube/families.ts';
import { ip } from '../../../wire/ip.ts';
import type { LocalDetector, NodeView, ProxyOptions } from './options.ts';

const LOOPBACK = { 4: ip('127.0.0.1'), 6: ip('::1') } as const;

type Options = Pick<ProxyOptions, 'detectLocal'>;

/**
 * In the order of the cluster. SIMPLIFIED: where the cluster has one family, the proxier of the other one, which finds no Service and
 * writes its empty chains all the same, is left out.
 */
export const viewsOf = (cluster: Cluster, node: ClusterNode, options: Options): readonly NodeView[] =>
  familiesOf(cluster).flatMap((family) => viewIn(cluster, node, options, family) ?? []);

/** SIMPLIFIED: of the node's addresses a proxy is told loopback and the node's own one, not those of devices that the CNI makes. */
function viewIn(cluster: Cluster, { name }: ClusterNode, options: Options, family: Family): NodeView | undefined {
  const seen = inFamily(cluster, family);
  const node = seen.nodes.find((one) => one.name === name);
  return (
    node && {
      nodeName: node.name,
      family,
      nodeIP: node.ip,
      localAddresses: [LOOPBACK[family], node.ip],
      detector: detectorOf(seen, node, options),
      zone: node.zone ?? '',
    }
  );
}

/** Of how many nodes a sync is kept: the proxiers of a node are two. */
export const syncKey = ({ nodeName, family }: Pick<NodeView, 'nodeName' | 'family'>): string =>
  family === 4 ? nodeName : `${nodeName} ${family}`;

function detectorOf(cluster: Cluster, node: ClusterNode, { detectLocal }: Options): LocalDetector | null {
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
