import type { Cluster, ClusterNode } from '../../../../kube/cluster.ts';
import { inFamily } from '../../../../kube/families.ts';
import type { NftTable } from '../../../../linux/netfilter/nftables/ruleset.ts';
import { viewsOf } from '../node-view.ts';
import { servicePorts } from '../service-port.ts';
import type { NftOptions } from './options.ts';
import { syncedTable } from './table.ts';

/** One table for each family: `ip kube-proxy` and `ip6 kube-proxy`. */
export function planNftables(cluster: Cluster, node: ClusterNode, options: NftOptions): readonly NftTable[] {
  return viewsOf(cluster, node, options).map((seen) => {
    const view = { ...seen, serviceCidrs: [inFamily(cluster, seen.family).serviceCIDR] };
    return syncedTable(servicePorts(cluster.services, view), view, options);
  });
}
