import {
  type Cluster,
  type ClusterNode,
  type ClusterPod,
  type ClusterService,
  type ClusterServicePort,
  podNetworkWith,
  podNs,
} from '../../kube/cluster.ts';
import { addressesOf, type ClusterIndex, indexOf } from '../../kube/cluster-index.ts';
import { clusterIPsOf, ipsOf } from '../../kube/families.ts';
import type { NsId } from '../../linux/config.ts';
import type { TableName } from '../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../linux/origin.ts';
import type { PortProtocol } from '../../wire/frame.ts';
import { cidrHas, type Ip } from '../../wire/ip.ts';
import { FAR_UNDERLAY, isUnderlay, type World } from '../world.ts';
import { socketText } from './packet-words.ts';

/** How a Service is reached: which of its addresses, on which port. */
export interface ServiceDoor {
  readonly service: ClusterService;
  readonly port: ClusterServicePort;
  readonly door: 'clusterIP' | 'nodePort' | 'externalIP' | 'loadBalancer';
}

/**
 * Which Kubernetes object owns an address, a chain or a namespace. Built once per world and kept. Namespaces are only looked
 * into where a question is about them: a world makes them when somebody looks.
 */
export interface Names {
  /** `web-1`, `node-1`, `Service default/web`, `node-1's cni0`; the address itself where nobody is known to own it. */
  ip(ip: Ip): string;
  /** `10.244.1.2 (web-1)`; the bare address where nobody owns it. */
  ipLong(ip: Ip): string;
  /** `10.244.1.2:8080 (web-1)`. */
  endpoint(ip: Ip, port: number | null): string;
  /** `web-1`, `node-1`, `client`, `the node network`. */
  ns(ns: NsId): string;
  /** `Pod default/web-1`, `Node node-1`, `client (outside the cluster)`. */
  place(ns: NsId): string;
  /** What a chain is for: `Service default/web`, from the origins of its rules. */
  chain(ns: NsId, table: TableName, chain: string): string | null;
  podAt(ip: Ip): ClusterPod | undefined;
  nodeAt(ip: Ip): ClusterNode | undefined;
  node(ns: NsId): ClusterNode | undefined;
  pod(ns: NsId): ClusterPod | undefined;
  /** The node whose pod range holds this address. */
  nodeOfPodRange(ip: Ip): ClusterNode | undefined;
  service(ip: Ip): ClusterService | undefined;
  inServiceRange(ip: Ip): boolean;
  door(ip: Ip, port: number, proto: PortProtocol): ServiceDoor | undefined;
  readonly cluster: Cluster;
}

const kept = new WeakMap<World, Names>();

export function namesOf(world: World): Names {
  const known = kept.get(world);
  if (known) return known;
  const names = makeNames(world);
  kept.set(world, names);
  return names;
}

export const serviceName = (service: { readonly namespace: string; readonly name: string }): string =>
  `Service ${service.namespace}/${service.name}`;

export const podName = (pod: { readonly namespace: string; readonly name: string }): string => `Pod ${podNs(pod)}`;

/** Whose work an object is: `kube-proxy for Service default/web`, `you`. */
export const writerOf = (origin: Origin): string => (origin.for ? `${origin.by} for ${origin.for}` : origin.by);

export const isFault = (origin: Origin | undefined): boolean => origin?.fault === true || origin?.by === 'you';

/** `a, b and c`. */
export function listOf(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** `1 rule`, `3 rules`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

export const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function ownersOf(cluster: Cluster): Map<Ip, string> {
  const owners = new Map<Ip, string>();
  for (const service of cluster.services) for (const ip of addressesOf(service)) owners.set(ip, serviceName(service));
  for (const host of cluster.externals) {
    for (const ip of ipsOf(host)) owners.set(ip, host.name);
    for (const ip of host.lo) owners.set(ip, `behind ${host.name}`);
  }
  const { router } = cluster;
  if (router) for (const ip of [router.farSubnet.gateway, router.uplink.ip]) owners.set(ip, router.name);
  for (const pod of cluster.pods) for (const ip of ipsOf(pod)) owners.set(ip, pod.name);
  // Last, because a pod on the host's network has the node's address.
  for (const node of cluster.nodes) for (const ip of ipsOf(node)) owners.set(ip, node.name);
  return owners;
}

/** An address of a pod range that no pod has may be a node's own: of its bridge, or of its tunnel device. */
function nodeDeviceAt(world: World, ip: Ip): string | undefined {
  const node = world.cluster.nodes.find((one) => podNetworkWith(one, ip) !== undefined);
  const address = node && world.namespaces.get(node.name)?.addresses.find((a) => a.ip === ip);
  return node && address && `${node.name}'s ${address.dev}`;
}

/** Two subnets are told apart by their ranges. */
const underlayName = ({ router, nodeNetwork }: Cluster, ns: NsId): string =>
  router ? `the subnet ${(ns === FAR_UNDERLAY ? router.farSubnet : nodeNetwork).cidr.text}` : 'the node network';

function switchName(cluster: Cluster, ns: NsId): string {
  if (!cluster.router) return 'Node network (the switch between the nodes)';
  return `${capital(underlayName(cluster, ns).replace('the ', ''))} (the switch between its machines)`;
}

/** Not a switch but a cloud's network, which looks at routes of its own. */
export const isFabric = (world: World, ns: NsId): boolean =>
  isUnderlay(ns) && world.namespaces.get(ns)?.devices.some(({ kind }) => kind === 'fabric') === true;

const shortNs = (ns: NsId): string => ns.slice(ns.indexOf('/') + 1);

function doorOf(known: ClusterIndex, ip: Ip, port: number, proto: PortProtocol): ServiceDoor | undefined {
  const isNode = known.nodeAt(ip) !== undefined;
  for (const service of isNode
    ? new Set([...known.servicesAt(ip), ...known.servicesAtNodePort(port)])
    : known.servicesAt(ip)) {
    for (const sp of service.ports) {
      if (sp.protocol.toLowerCase() !== proto) continue;
      if (sp.port === port && clusterIPsOf(service).includes(ip)) return { service, port: sp, door: 'clusterIP' };
      if (sp.port === port && service.externalIPs.includes(ip)) return { service, port: sp, door: 'externalIP' };
      if (sp.port === port && service.loadBalancerIPs.includes(ip)) return { service, port: sp, door: 'loadBalancer' };
      if (sp.nodePort === port && isNode) return { service, port: sp, door: 'nodePort' };
    }
  }
  return undefined;
}

/** The object that most rules of a chain were written for; null when they were written for several. */
function chainOwner(world: World, ns: NsId, table: TableName, chain: string): string | null {
  // Both families name the chains of a Service alike.
  const config = world.namespaces.get(ns);
  const found = config?.iptables.get(table)?.chains.get(chain) ?? config?.ip6tables?.get(table)?.chains.get(chain);
  const rules = found?.rules ?? [];
  const owners = new Set(rules.flatMap((rule) => rule.origin?.for ?? []));
  const [only] = owners;
  return owners.size === 1 && only !== undefined ? only : null;
}

function makeNames(world: World): Names {
  const { cluster } = world;
  const owners = ownersOf(cluster);
  const known = indexOf(cluster);
  const ownerOf = (ip: Ip): string | undefined => owners.get(ip) ?? nodeDeviceAt(world, ip);
  const bare = (ip: Ip): string => (ownerOf(ip) === undefined ? '' : ` (${ownerOf(ip)})`);
  return {
    cluster,
    ip: (ip) => ownerOf(ip) ?? ip,
    ipLong: (ip) => `${ip}${bare(ip)}`,
    endpoint: (ip, port) => `${socketText(ip, port)}${bare(ip)}`,
    ns: (ns) => (isUnderlay(ns) ? underlayName(cluster, ns) : shortNs(ns)),
    place: (ns) => {
      const pod = known.pod(ns);
      if (pod) return podName(pod);
      if (isUnderlay(ns)) return isFabric(world, ns) ? "Node network (the cloud's)" : switchName(cluster, ns);
      if (ns === cluster.router?.name) return `${ns} (between the node subnets)`;
      return known.node(ns) ? `Node ${ns}` : `${ns} (outside the cluster)`;
    },
    chain: (ns, table, chain) => chainOwner(world, ns, table, chain),
    podAt: known.podAt,
    nodeAt: known.nodeAt,
    node: (ns) => known.node(ns),
    pod: (ns) => known.pod(ns),
    nodeOfPodRange: (ip) => cluster.nodes.find((node) => podNetworkWith(node, ip) !== undefined),
    service: (ip) => known.servicesAt(ip)[0],
    inServiceRange: (ip) => (cluster.serviceCIDRs ?? [cluster.serviceCIDR]).some((net) => cidrHas(net, ip)),
    door: (ip, port, proto) => doorOf(known, ip, port, proto),
  };
}
