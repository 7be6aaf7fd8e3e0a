/**
 * External IPs: Kubernetes gives nobody such an address, it only lets every node take packets for it. Somebody outside must send them to a
 * node (kubernetes.io, Service, "External IPs": not managed by Kubernetes, the responsibility of the cluster administrator). Here that is a
 * route to one node. An address that a machine has needs none.
 */
import type { Cluster, ClusterNode, ClusterService } from '../kube/cluster.ts';
import { ipsOf } from '../kube/families.ts';
import { subnetOf } from '../kube/subnets.ts';
import { cidrHas, familyOf, type Ip } from '../wire/ip.ts';

export interface Directed {
  readonly ip: Ip;
  readonly node: ClusterNode;
  readonly service: ClusterService;
}

const kept = new WeakMap<Cluster, readonly Directed[]>();

/** Each once: of two Services with one address the first decides. */
export function directedIps(cluster: Cluster): readonly Directed[] {
  const known = kept.get(cluster);
  if (known) return known;
  const found = new Map<Ip, Directed>();
  for (const service of cluster.services)
    for (const ip of service.externalIPs) {
      const node = needsRoute(cluster, ip) && !found.has(ip) ? homeOf(cluster, service) : undefined;
      if (node) found.set(ip, { ip, node, service });
    }
  const directed = [...found.values()];
  kept.set(cluster, directed);
  return directed;
}

function needsRoute({ nodes, externals, podCIDR, serviceCIDR }: Cluster, ip: Ip): boolean {
  if (familyOf(ip) !== 4 || cidrHas(podCIDR, ip) || cidrHas(serviceCIDR, ip)) return false;
  return ![...nodes, ...externals].some((machine) => ipsOf(machine).includes(ip));
}

/** A node with a ready endpoint, as policy Local wants it, of those that the client shares a segment with; else the first of these. */
function homeOf(cluster: Cluster, { ports }: ClusterService): ClusterNode | undefined {
  const near = cluster.nodes.filter((node) => !cluster.router || subnetOf(cluster, node) === cluster.nodeNetwork);
  const ready = new Set(ports.flatMap(({ endpoints }) => endpoints.flatMap((one) => (one.ready ? [one.node] : []))));
  return near.find(({ name }) => ready.has(name)) ?? near[0];
}
