/** The reference cluster with IPv6: each address once more, with the same digits, so that a text about one is a text about the other. */
import type { Cluster, ClusterService, Endpoint } from '../../kube/cluster.ts';
import { type Cidr, cidr, type Ip, ip } from '../../wire/ip.ts';
import { LAB } from './lab-cluster.ts';

/** `10.244.1.2` is `fd00:10:244:1::2`. */
const TWINS: readonly (readonly [RegExp, string])[] = [
  [/\b10\.244\.(\d+)\.(\d+)/g, 'fd00:10:244:$1::$2'],
  [/\b10\.96\.0\.(\d+)/g, 'fd00:10:96::$1'],
  [/\b192\.168\.56\.(\d+)/g, 'fd00:192:168:56::$1'],
  [/\b203\.0\.113\.(\d+)/g, '2001:db8:203:113::$1'],
];

/** Every address of the reference cluster in a text, in IPv6. Before a port it stands in brackets. */
export function inSix(text: string): string {
  const six = TWINS.reduce((so, [four, to]) => so.replace(four, to), text);
  return six.replace(/([\da-f]+(?::[\da-f]*)+::[\da-f]+):(\d+)\b/g, '[$1]:$2');
}

const twin = (address: Ip): Ip => ip(inSix(address));

const POD_NET_6 = cidr('fd00:10:244::/48');
const SERVICE_NET_6 = cidr('fd00:10:96::/112');
const NODE_NET_6 = cidr('fd00:192:168:56::/64');

type Role = 'only' | 'first' | 'second';

/** In the order of the cluster. */
const order = <T>(role: Role, four: T, six: T): readonly [T, T?] =>
  role === 'only' ? [six] : role === 'first' ? [six, four] : [four, six];

/** A singular field and, where there are two, a plural one. */
function fields<Single extends string, Plural extends string, T>(
  single: Single,
  plural: Plural,
  both: readonly [T, T?],
) {
  return { [single]: both[0], ...(both[1] === undefined ? {} : { [plural]: both }) } as Record<Single, T> &
    Partial<Record<Plural, readonly [T, T]>>;
}

/** All Services have both families, where the cluster has. */
export function withSix(cluster: Cluster, role: Role): Cluster {
  const ips = <T extends { readonly ip: Ip }>(one: T): T => ({
    ...one,
    ...fields('ip', 'ips', order(role, one.ip, twin(one.ip))),
  });
  const subnet = (net: Cidr, gateway: Ip) => ({ cidr: net, gateway });
  const { nodeNetwork } = cluster;
  const [first, second] = order(
    role,
    subnet(nodeNetwork.cidr, nodeNetwork.gateway),
    subnet(NODE_NET_6, twin(nodeNetwork.gateway)),
  );
  return {
    ...cluster,
    ...fields('podCIDR', 'podCIDRs', order(role, cluster.podCIDR, POD_NET_6)),
    ...fields('serviceCIDR', 'serviceCIDRs', order(role, cluster.serviceCIDR, SERVICE_NET_6)),
    nodeNetwork: { ...nodeNetwork, ...first, ...(second && { second }) },
    nodes: cluster.nodes.map((node) => ({
      ...ips(node),
      ...(node.tunnelIp && fields('tunnelIp', 'tunnelIps', order(role, node.tunnelIp, twin(node.tunnelIp)))),
      ...fields('podCIDR', 'podCIDRs', order(role, node.podCIDR, cidr(`${twin(node.podCIDR.base)}/64`))),
    })),
    pods: cluster.pods.map(ips),
    externals: cluster.externals.map((host) => ({
      ...ips(host),
      lo: host.lo.flatMap((address) => order(role, address, twin(address)).filter((one) => one !== undefined)),
    })),
    services: cluster.services.map((service) => serviceIn(service, role)),
  };
}

function serviceIn(service: ClusterService, role: Role): ClusterService {
  const { clusterIP } = service;
  if (clusterIP === undefined || clusterIP === 'None') return service;
  const six = ({ ip: address, ...rest }: Endpoint): Endpoint => ({ ...rest, ip: twin(address) });
  return {
    ...service,
    ...fields('clusterIP', 'clusterIPs', order(role, clusterIP, twin(clusterIP))),
    ipFamilies: order(role, 'IPv4' as const, 'IPv6' as const).filter((family) => family !== undefined),
    ports: service.ports.map((port) => ({
      ...port,
      endpoints: order(role, port.endpoints, port.endpoints.map(six)).flatMap((list) => list ?? []),
    })),
  };
}

export const DUAL: Cluster = withSix(LAB, 'second');
export const SIX_FIRST: Cluster = withSix(LAB, 'first');
export const ONLY_SIX: Cluster = withSix(LAB, 'only');
