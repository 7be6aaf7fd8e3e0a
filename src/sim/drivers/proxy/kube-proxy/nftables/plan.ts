import type { Cluster, ClusterNode } from '../../../../kube/cluster.ts';
import type { NftTable } from '../../../../linux/netfilter/nftables/ruleset.ts';
import { viewOf } from '../node-view.ts';
import { servicePorts } from '../service-port.ts';
import type { NftOptions } from './options.ts';
import { syncedTable } from './table.ts';

/** SIMPLIFIED: the IPv4 proxier only; a dual-stack node runs a second one for IPv6. */
export function planNftables(cluster: Cluster, node: ClusterNode, options: NftOptions): readonly NftTable[] {
  const view = { ...viewOf(cluster, node, options), serviceCidrs: [cluster.serviceCIDR] };
  return [syncedTable(servicePorts(cluster.services, view), view, options)];
}
