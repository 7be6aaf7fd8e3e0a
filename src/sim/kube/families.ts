/** Address families of a cluster: fields in the singular are of the first one, as in the Kubernetes API; the plural ones have both. */
import { type Cidr, cidrHas, familyOf, type Ip } from '../wire/ip.ts';
import type { Cluster, ClusterNode, ClusterPod, ClusterService, ExternalHost, NodeSubnet } from './cluster.ts';
import type { Ipv6Networks } from './cluster-input.ts';

export type Family = 4 | 6;
export type FamilyName = 'IPv4' | 'IPv6';

export const familyName = (family: Family): FamilyName => (family === 4 ? 'IPv4' : 'IPv6');
export const familyNamed = (name: FamilyName): Family => (name === 'IPv4' ? 4 : 6);

/** The first one is the one that a cluster, a node or a pod has when it is asked for one. */
export const familiesOf = ({
  podCIDR,
  podCIDRs = [podCIDR],
}: Pick<Cluster, 'podCIDR' | 'podCIDRs'>): readonly Family[] => podCIDRs.map(({ family }) => family);

/** Of a cluster that is not built yet. */
export function familiesAsked(ipv6: Ipv6Networks | undefined): readonly Family[] {
  if (!ipv6) return [4];
  if (ipv6.role === 'only') return [6];
  return ipv6.role === 'first' ? [6, 4] : [4, 6];
}

/** `status.podIPs`; of a node, its addresses of type InternalIP. */
export const ipsOf = ({ ip, ips = [ip] }: Pick<ClusterPod | ClusterNode | ExternalHost, 'ip' | 'ips'>): readonly Ip[] =>
  ips;

export const ipIn = (of: Pick<ClusterPod | ClusterNode | ExternalHost, 'ip' | 'ips'>, family: Family): Ip | undefined =>
  ipsOf(of).find((ip) => familyOf(ip) === family);

/** `spec.podCIDRs`. */
export const podCIDRsOf = ({
  podCIDR,
  podCIDRs = [podCIDR],
}: Pick<ClusterNode, 'podCIDR' | 'podCIDRs'>): readonly Cidr[] => podCIDRs;

/** `spec.clusterIPs`, empty for headless Services and ExternalName. */
export function clusterIPsOf({
  clusterIP,
  clusterIPs,
}: Pick<ClusterService, 'clusterIP' | 'clusterIPs'>): readonly Ip[] {
  if (clusterIP === undefined || clusterIP === 'None') return [];
  return clusterIPs ?? [clusterIP];
}

export const clusterIPIn = (service: ClusterService, family: Family): Ip | undefined =>
  clusterIPsOf(service).find((ip) => familyOf(ip) === family);

/** `spec.ipFamilies`. */
export function serviceFamilies(service: ClusterService): readonly Family[] {
  return (
    service.ipFamilies?.map(familyNamed) ?? (service.clusterIP === 'None' ? [4] : clusterIPsOf(service).map(familyOf))
  );
}

type Networks = Pick<
  Cluster,
  'podCIDR' | 'podCIDRs' | 'serviceCIDR' | 'serviceCIDRs' | 'nodeNetwork' | 'nodes' | 'externals'
> &
  Partial<Pick<Cluster, 'pods'>>;

const views = new WeakMap<Networks, Map<Family, Networks>>();

/**
 * The same cluster in one family: what is singular has that family's value, and there is no plural. Who has no address of that family
 * is not in it. Services are left as they are: their endpoints tell their families themselves.
 */
export function inFamily<C extends Networks>(cluster: C, family: Family): C {
  const families = familiesOf(cluster);
  if (families.length === 1 && families[0] === family) return cluster;
  const known = views.get(cluster)?.get(family);
  if (known) return known as C;
  const view = makeView(cluster, family);
  views.set(cluster, (views.get(cluster) ?? new Map()).set(family, view));
  return view;
}

function makeView<C extends Networks>(cluster: C, family: Family): C {
  const { podCIDRs: _, serviceCIDRs: __, ...rest } = cluster;
  const isOurs = (net: Cidr): boolean => net.family === family;
  const { podCIDRs = [cluster.podCIDR], serviceCIDRs = [cluster.serviceCIDR] } = cluster;
  const view: Networks = {
    ...rest,
    podCIDR: podCIDRs.find(isOurs) ?? cluster.podCIDR,
    serviceCIDR: serviceCIDRs.find(isOurs) ?? cluster.serviceCIDR,
    nodeNetwork: { ...cluster.nodeNetwork, ...subnetIn(cluster.nodeNetwork, family) },
    nodes: cluster.nodes.flatMap((node) => nodeIn(node, family)),
    externals: cluster.externals.flatMap((host) =>
      addressed(host, family).map((one) => ({ ...one, lo: host.lo.filter((ip) => familyOf(ip) === family) })),
    ),
    ...(cluster.pods && { pods: cluster.pods.flatMap((pod) => addressed(pod, family)) }),
  };
  return view as C;
}

function addressed<T extends Pick<ClusterPod, 'ip' | 'ips'>>(of: T, family: Family): readonly T[] {
  const ip = ipIn(of, family);
  if (ip === undefined) return [];
  const { ips: _, ...rest } = of;
  return [{ ...rest, ip } as T];
}

function nodeIn(node: ClusterNode, family: Family): readonly ClusterNode[] {
  const podCIDR = podCIDRsOf(node).find((net) => net.family === family);
  if (!podCIDR) return [];
  return addressed(node, family).map(({ podCIDRs: _, blocks, tunnelIp, tunnelIps, ...rest }) => {
    const tunnel = (tunnelIps ?? (tunnelIp === undefined ? [] : [tunnelIp])).find((ip) => familyOf(ip) === family);
    return {
      ...rest,
      podCIDR,
      ...(blocks && { blocks: blocks.filter((net) => net.family === family) }),
      ...(tunnel !== undefined && { tunnelIp: tunnel }),
    };
  });
}

/** The part of a subnet that is of a family. */
export function subnetIn({ cidr, gateway, second }: NodeSubnet, family: Family): NodeSubnet {
  return cidr.family === family || !second ? { cidr, gateway } : second;
}

/** Whether an address is in a subnet, whichever of its families it is of. */
export const subnetHas = ({ cidr, second }: NodeSubnet, ip: Ip): boolean =>
  cidrHas(cidr, ip) || (second !== undefined && cidrHas(second.cidr, ip));
