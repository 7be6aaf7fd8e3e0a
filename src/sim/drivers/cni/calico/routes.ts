/** Routes to other nodes' pods, one for each block: by BIRD (confd/etc/calico/bird*.cfg) or by Felix (felix/dataplane/linux/vxlan_mgr.go). */
import { groupBy } from '../../../base/group-by.ts';
import { type Cluster, type ClusterNode, podNetworks } from '../../../kube/cluster.ts';
import { shareSubnet, subnetOf } from '../../../kube/subnets.ts';
import type { Route } from '../../../linux/config.ts';
import type { Origin } from '../../../linux/origin.ts';
import { type Cidr, cidrHas } from '../../../wire/ip.ts';
import { hostNet } from '../../parts/rules.ts';
import * as facts from './facts.ts';
import type { CalicoMode } from './modes.ts';

/** Single addresses that pods of each node borrowed from the blocks of others. */
function borrowedBy(cluster: Cluster): ReadonlyMap<string, readonly Cidr[]> {
  const blocks = new Map(cluster.nodes.map((node) => [node.name, podNetworks(node)]));
  const borrowers = cluster.pods.filter(({ node, ip }) => !blocks.get(node)?.some((net) => cidrHas(net, ip)));
  return new Map(
    [...groupBy(borrowers, ({ node }) => node)].map(([node, pods]) => [node, pods.map(({ ip }) => hostNet(ip))]),
  );
}

/** Does a packet to that node get an envelope? */
export function usesTunnel(cluster: Cluster, node: ClusterNode, peer: ClusterNode, mode: CalicoMode): boolean {
  return mode.overlay !== 'none' && !(mode.crossSubnetOnly && shareSubnet(cluster, node, peer));
}

export function blockRoutes(
  cluster: Cluster,
  node: ClusterNode,
  peers: readonly ClusterNode[],
  mode: CalicoMode,
): Route[] {
  const proto = mode.overlay === 'vxlan' ? facts.BY_FELIX : facts.BY_BIRD;
  const blackholes = podNetworks(node).map(
    (dst): Route => ({
      dst,
      type: 'blackhole',
      table: 'main',
      scope: 'global',
      proto,
      origin: {
        by: mode.overlay === 'vxlan' ? 'felix' : 'bird',
        for: `Node ${node.name}`,
        why: 'an address of this block that no pod has leads nowhere, not in circles',
      },
    }),
  );
  const borrowed = borrowedBy(cluster);
  const remote = peers.flatMap((peer) =>
    [...podNetworks(peer), ...(borrowed.get(peer.name) ?? [])].map((dst) => routeTo(cluster, dst, node, peer, mode)),
  );
  return [...blackholes, ...remote];
}

function routeTo(cluster: Cluster, dst: Cidr, node: ClusterNode, peer: ClusterNode, mode: CalicoMode): Route {
  const base = { dst, type: 'unicast', table: 'main', scope: 'global' } as const;
  const isTunnelled = usesTunnel(cluster, node, peer, mode);
  if (mode.overlay !== 'vxlan') {
    const origin = originOf('bird', peer, `${peer.name} announced this block by BGP, in the session with ${peer.ip}`);
    if (isTunnelled)
      return { ...base, via: peer.ip, dev: facts.IPIP_DEVICE, onlink: true, proto: facts.BY_BIRD, origin };
    // BIRD resolves a next hop that is not on the link by the route to it.
    const via = shareSubnet(cluster, node, peer) ? peer.ip : (subnetOf(cluster, node)?.gateway ?? peer.ip);
    return { ...base, via, dev: facts.NODE_DEVICE, proto: facts.BY_BIRD, origin };
  }
  if (!isTunnelled) {
    const origin = originOf('felix', peer, `${peer.name} is in the same subnet and needs no envelope`);
    return { ...base, via: peer.ip, dev: facts.NODE_DEVICE, proto: facts.BY_FELIX, onlink: true, origin };
  }
  const mtuBytes = cluster.nodeNetwork.mtuBytes - facts.VXLAN_OVERHEADS_BYTES[dst.family];
  const origin = originOf('felix', peer, `the pods of ${peer.name} are reached through its tunnel device`);
  const via = peer.tunnelIp ?? peer.ip;
  return { ...base, via, dev: facts.VXLAN_DEVICES[dst.family], onlink: true, mtuBytes, origin };
}

const originOf = (by: string, peer: ClusterNode, why: string): Origin => ({ by, for: `Node ${peer.name}`, why });
