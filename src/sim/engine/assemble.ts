/**
 * Joins machines, drivers and cables into network namespaces. Node by node, and only when somebody looks: a node's rules are not
 * generated before a packet, or a person, reaches it.
 */

import { lazyFields } from '../base/lazy-fields.ts';
import { LazyMap } from '../base/lazy-map.ts';
import { once } from '../base/once.ts';
import type { CniDriver, CniOptions, Fragment, NodePlan, ProxyDriver } from '../drivers/contract.ts';
import { nodeLocalDnsPlan } from '../drivers/dns/nodelocal/node-local-dns.ts';
import { kubeletPlan } from '../drivers/parts/kubelet.ts';
import { type Cluster, type ClusterNode, type ClusterPod, onPodNetwork, podNs } from '../kube/cluster.ts';
import { familiesOf } from '../kube/families.ts';
import type { ArpResponder, NetnsConfig, NsId, Sysctl } from '../linux/config.ts';
import { applyRuleOps } from '../linux/netfilter/iptables/build.ts';
import { acceptRoutes } from '../linux/routing/accept.ts';
import {
  externalConfig,
  listenersOf,
  loopback,
  loopbackAddresses,
  machine,
  NO_RULES,
  switches,
} from './node-network.ts';

export interface Drivers {
  readonly cni: CniDriver;
  readonly cniMode: string;
  readonly cniOptions: CniOptions;
  readonly proxy: ProxyDriver;
  readonly proxyMode: string;
}

/** What each node's proxy writes. */
export function proxyPlans(cluster: Cluster, { proxy, proxyMode }: Drivers): ReadonlyMap<string, NodePlan> {
  return new LazyMap(new Map(cluster.nodes.map((node) => [node.name, () => proxy.plan(cluster, node, proxyMode)])));
}

export function assemble(
  cluster: Cluster,
  drivers: Drivers,
  proxies: ReadonlyMap<string, NodePlan> = proxyPlans(cluster, drivers),
  announced: (node: ClusterNode) => readonly ArpResponder[] = () => [],
): ReadonlyMap<NsId, NetnsConfig> {
  const wired = onPodNetwork(cluster);
  const besideIpvs = drivers.proxy.usesIpvs?.(drivers.proxyMode) ?? false;
  const cniOptions = besideIpvs ? { ...drivers.cniOptions, besideIpvs } : drivers.cniOptions;
  const makers = new Map<NsId, () => NetnsConfig>();
  for (const node of cluster.nodes) {
    const cni = once(() => drivers.cni.plan(wired, node, drivers.cniMode, cniOptions));
    const proxy = (): NodePlan => proxies.get(node.name) ?? { node: {} };
    makers.set(node.name, () => nodeConfig(cluster, node, announced(node), cni, proxy));
    for (const pod of wired.pods)
      if (pod.node === node.name) makers.set(podNs(pod), () => podConfig(cluster, pod, cni()));
  }
  for (const host of cluster.externals) makers.set(host.name, () => externalConfig(cluster, host));
  const table = drivers.cni.fabric?.(wired, drivers.cniMode);
  for (const [id, make] of switches(cluster, table)) makers.set(id, make);
  return new LazyMap(makers);
}

/** Of a hundred nodes a packet visits two: the others are only asked for what they have by themselves. */
function nodeConfig(
  cluster: Cluster,
  node: ClusterNode,
  responders: readonly ArpResponder[],
  cni: () => NodePlan,
  proxy: () => NodePlan,
): NetnsConfig {
  const own = machine(cluster, node, node.listens);
  const known = { id: node.name, own, ...(responders.length > 0 && { arpResponders: responders }) };
  return lazyFields(known, PLANNED, () => wholeNode(cluster, node, own, cni(), proxy()));
}

type Planned = Omit<NetnsConfig, 'id' | 'own' | 'arpResponders'>;

const PLANNED = Object.keys({
  devices: true,
  addresses: true,
  routes: true,
  refusedRoutes: true,
  deletedRoutes: true,
  neighbours: true,
  fdb: true,
  sysctl: true,
  iptables: true,
  ip6tables: true,
  nftables: true,
  ipsets: true,
  ipvs: true,
  listeners: true,
  bpf: true,
} satisfies Record<keyof Planned, true>) as (keyof Planned)[];

function wholeNode(
  cluster: Cluster,
  node: ClusterNode,
  own: ReturnType<typeof machine>,
  cni: NodePlan,
  { node: proxy, daemon }: NodePlan,
): Planned {
  // Start order: kubelet, then kube-proxy, then the cache for names, then the CNI. Who inserts later stands higher.
  const dns = nodeLocalDnsPlan(cluster);
  const writers: readonly Fragment[] = [kubeletPlan(familiesOf(cluster)).node, proxy, dns, cni.node];
  const rules = once(() => applyRuleOps(writers.flatMap((f) => f.iptables ?? [])));
  const rules6 = once(() => applyRuleOps(writers.flatMap((f) => f.ip6tables ?? [])));
  const sysctl = once((): Partial<Sysctl> => Object.assign({}, ...writers.map((f) => f.sysctl ?? {})));
  const nftables = once(() => writers.flatMap((f) => f.nftables ?? []));
  const ipsets = once(() => writers.flatMap((f) => f.ipsets ?? []));
  const devices = [...own.devices, ...(cni.node.devices ?? []), ...(proxy.devices ?? []), ...(dns.devices ?? [])];
  // Those of Services come last: who looks for any address of this node must find the node's own.
  const addresses = [
    ...own.addresses,
    ...(cni.node.addresses ?? []),
    ...(proxy.addresses ?? []),
    ...(dns.addresses ?? []),
  ];
  const { routes, refused } = acceptRoutes({ devices, addresses }, [...own.routes, ...(cni.node.routes ?? [])]);
  return {
    devices,
    addresses,
    routes,
    ...(refused.length > 0 && { refusedRoutes: refused }),
    neighbours: cni.node.neighbours ?? [],
    fdb: cni.node.fdb ?? [],
    get sysctl() {
      return sysctl();
    },
    get iptables() {
      return rules();
    },
    get ip6tables() {
      return rules6();
    },
    get nftables() {
      return nftables();
    },
    get ipsets() {
      return ipsets();
    },
    ...(proxy.ipvs ? { ipvs: proxy.ipvs } : {}),
    listeners: [
      ...own.listeners,
      ...(cni.node.listeners ?? []),
      ...(cni.daemon?.listeners ?? []),
      ...(daemon?.listeners ?? []),
    ],
    ...bpfOf(node.name, cni.node),
  };
}

/** Maps are the node's, whoever runs the program. */
function bpfOf(host: NsId, { bpf }: Fragment): Pick<NetnsConfig, 'bpf'> {
  return bpf ? { bpf: { host, attachments: bpf.attachments, maps: bpf.maps ?? [] } } : {};
}

function podConfig(cluster: Cluster, pod: ClusterPod, cni: NodePlan): NetnsConfig {
  const id = podNs(pod);
  const wiring = cni.pods?.get(id) ?? {};
  return {
    id,
    devices: [loopback(), ...(wiring.devices ?? [])],
    addresses: [...loopbackAddresses(cluster), ...(wiring.addresses ?? [])],
    routes: wiring.routes ?? [],
    ...(wiring.deletedRoutes ? { deletedRoutes: wiring.deletedRoutes } : {}),
    neighbours: wiring.neighbours ?? [],
    fdb: [],
    sysctl: wiring.sysctl ?? {},
    iptables: NO_RULES,
    ipsets: [],
    listeners: listenersOf(cluster, pod.listens, `Pod ${id}`, pod),
    ...bpfOf(pod.node, wiring),
  };
}
