/**
 * Joins machines, drivers and cables into network namespaces. Node by node, and only when somebody looks: a node's rules are not
 * generated before a packet, or a person, reaches it.
 */
import { LazyMap } from '../base/lazy-map.ts';
import { once } from '../base/once.ts';
import { hash32 } from '../base/rng.ts';
import type { CniDriver, CniOptions, Fragment, NodePlan, ProxyDriver } from '../drivers/contract.ts';
import { kubeletPlan } from '../drivers/parts/kubelet.ts';
import {
  type Cluster,
  type ClusterNode,
  type ClusterPod,
  type ExternalHost,
  type Listening,
  podNs,
} from '../kube/cluster.ts';
import type { Address, Device, Listener, NetnsConfig, NsId, Route, Sysctl } from '../linux/config.ts';
import { applyRuleOps } from '../linux/netfilter/iptables/build.ts';
import type { Origin } from '../linux/origin.ts';
import { ANY_NET, cidr, type Ip, ip } from '../wire/ip.ts';
import { macFromHash, ZERO_MAC } from '../wire/mac.ts';
import { UNDERLAY } from './world.ts';

export interface Drivers {
  readonly cni: CniDriver;
  readonly cniMode: string;
  readonly cniOptions: CniOptions;
  readonly proxy: ProxyDriver;
  readonly proxyMode: string;
}

const NIC = 'eth0';
const SWITCH = 'sw0';
const LOOPBACK_MTU_BYTES = 65_536;
/** Upstream routers do not carry private addresses (RFC 1918). */
const PRIVATE_NETS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

const NO_RULES: NetnsConfig['iptables'] = new Map();
const KERNEL: Origin = { by: 'kernel', why: 'every network namespace has it' };

/** The switch port of a machine. */
export const switchPort = (machine: string): string => `sw-${machine}`;

/** What each node's proxy writes. */
export function proxyPlans(cluster: Cluster, { proxy, proxyMode }: Drivers): ReadonlyMap<string, NodePlan> {
  return new LazyMap(new Map(cluster.nodes.map((node) => [node.name, () => proxy.plan(cluster, node, proxyMode)])));
}

export function assemble(
  cluster: Cluster,
  drivers: Drivers,
  proxies: ReadonlyMap<string, NodePlan> = proxyPlans(cluster, drivers),
): ReadonlyMap<NsId, NetnsConfig> {
  const makers = new Map<NsId, () => NetnsConfig>();
  for (const node of cluster.nodes) {
    const cni = once(() => drivers.cni.plan(cluster, node, drivers.cniMode, drivers.cniOptions));
    makers.set(node.name, () => nodeConfig(cluster, node, cni(), proxies.get(node.name) ?? { node: {} }));
    for (const pod of cluster.pods) if (pod.node === node.name) makers.set(podNs(pod), () => podConfig(pod, cni()));
  }
  for (const host of cluster.externals) makers.set(host.name, () => externalConfig(cluster, host));
  makers.set(UNDERLAY, () => switchConfig(cluster));
  return new LazyMap(makers);
}

function nodeConfig(
  cluster: Cluster,
  node: ClusterNode,
  cni: NodePlan,
  { node: proxy, daemon }: NodePlan,
): NetnsConfig {
  const own = machine(cluster, node.name, node.ip, node.listens);
  // Start order: kubelet, then kube-proxy, then the CNI. Who inserts later stands higher.
  const writers: readonly Fragment[] = [kubeletPlan().node, proxy, cni.node];
  const rules = once(() => applyRuleOps(writers.flatMap((f) => f.iptables ?? [])));
  const sysctl = once((): Partial<Sysctl> => Object.assign({}, ...writers.map((f) => f.sysctl ?? {})));
  const nftables = once(() => writers.flatMap((f) => f.nftables ?? []));
  const ipsets = once(() => writers.flatMap((f) => f.ipsets ?? []));
  return {
    id: node.name,
    devices: [...own.devices, ...(cni.node.devices ?? []), ...(proxy.devices ?? [])],
    // The proxy's come last: who looks for any address of this node must find the node's own.
    addresses: [...own.addresses, ...(cni.node.addresses ?? []), ...(proxy.addresses ?? [])],
    routes: [...own.routes, ...(cni.node.routes ?? [])],
    neighbours: cni.node.neighbours ?? [],
    fdb: cni.node.fdb ?? [],
    get sysctl() {
      return sysctl();
    },
    get iptables() {
      return rules();
    },
    get nftables() {
      return nftables();
    },
    get ipsets() {
      return ipsets();
    },
    ...(proxy.ipvs ? { ipvs: proxy.ipvs } : {}),
    listeners: [...own.listeners, ...(cni.node.listeners ?? []), ...(daemon?.listeners ?? [])],
    ...bpfOf(node.name, cni.node),
  };
}

/** Maps are the node's, whoever runs the program. */
function bpfOf(host: NsId, { bpf }: Fragment): Pick<NetnsConfig, 'bpf'> {
  return bpf ? { bpf: { host, attachments: bpf.attachments, maps: bpf.maps ?? [] } } : {};
}

function podConfig(pod: ClusterPod, cni: NodePlan): NetnsConfig {
  const id = podNs(pod);
  const wiring = cni.pods?.get(id) ?? {};
  return {
    id,
    devices: [loopback(), ...(wiring.devices ?? [])],
    addresses: [loopbackAddress(), ...(wiring.addresses ?? [])],
    routes: wiring.routes ?? [],
    ...(wiring.deletedRoutes ? { deletedRoutes: wiring.deletedRoutes } : {}),
    neighbours: wiring.neighbours ?? [],
    fdb: [],
    sysctl: wiring.sysctl ?? {},
    iptables: NO_RULES,
    ipsets: [],
    listeners: listenersOf(pod.listens, `Pod ${id}`),
    ...bpfOf(pod.node, wiring),
  };
}

function externalConfig(cluster: Cluster, host: ExternalHost): NetnsConfig {
  const own = machine(cluster, host.name, host.ip, host.listens);
  const origin: Origin = { by: 'administrator', why: 'routers of the Internet do not carry private addresses' };
  const blackholes = PRIVATE_NETS.map(
    (net): Route => ({ dst: cidr(net), type: 'blackhole', table: 'main', scope: 'global', origin }),
  );
  const lo = host.lo.map((address): Address => ({ dev: 'lo', ip: address, prefix: 32, scope: 'global' }));
  return {
    id: host.name,
    devices: own.devices,
    addresses: [...own.addresses, ...lo],
    routes: host.isGateway ? blackholes : own.routes,
    neighbours: [],
    fdb: [],
    sysctl: { 'ipv4.ip_forward': host.isGateway ? 1 : 0 },
    iptables: NO_RULES,
    ipsets: [],
    listeners: own.listeners,
  };
}

/** What a machine on the node network has by itself: loopback, one NIC, its address and a default route. */
function machine(
  cluster: Cluster,
  name: string,
  address: Ip,
  listens: readonly Listening[],
): Pick<NetnsConfig, 'devices' | 'addresses' | 'routes' | 'listeners'> {
  const { cidr: net, gateway, mtuBytes } = cluster.nodeNetwork;
  const origin: Origin = { by: 'administrator', for: `Node ${name}`, why: 'the machine stands on the node network' };
  const nic: Device = {
    kind: 'nic',
    name: NIC,
    mac: macFromHash('52', hash32(`${name}/${NIC}`), 0x54),
    mtuBytes,
    up: true,
    peer: { ns: UNDERLAY, dev: switchPort(name) },
    origin,
  };
  const defaultRoute: Route = {
    dst: ANY_NET,
    type: 'unicast',
    via: gateway,
    dev: NIC,
    table: 'main',
    scope: 'global',
    origin: { ...origin, why: 'all else goes to the router' },
  };
  return {
    devices: [loopback(), nic],
    addresses: [loopbackAddress(), { dev: NIC, ip: address, prefix: net.prefix, scope: 'global', origin }],
    routes: [defaultRoute],
    listeners: listenersOf(listens, `Node ${name}`),
  };
}

function loopback(): Device {
  return { kind: 'loopback', name: 'lo', mac: ZERO_MAC, mtuBytes: LOOPBACK_MTU_BYTES, up: true, origin: KERNEL };
}

function loopbackAddress(): Address {
  return { dev: 'lo', ip: ip('127.0.0.1'), prefix: 8, scope: 'host', origin: KERNEL };
}

function listenersOf(listens: readonly Listening[], owner: string): Listener[] {
  return listens
    .filter((l) => l.up !== false)
    .map(({ proto, port, program }) => ({ proto, port, program, origin: { by: program, for: owner } }));
}

/** The switch between the machines: a bridge without an address, which no IP hook sees. */
function switchConfig(cluster: Cluster): NetnsConfig {
  const { mtuBytes } = cluster.nodeNetwork;
  const origin: Origin = { by: 'administrator', why: 'the switch of the node network' };
  const names = [...cluster.nodes.map((n) => n.name), ...cluster.externals.map((e) => e.name)];
  const bridge: Device = {
    kind: 'bridge',
    name: SWITCH,
    mac: macFromHash('52', hash32(SWITCH), 0x54),
    mtuBytes,
    up: true,
    origin,
  };
  const ports = names.map((name): Device => {
    const port = switchPort(name);
    return {
      kind: 'nic',
      name: port,
      mac: macFromHash('52', hash32(port), 0x54),
      mtuBytes,
      up: true,
      master: SWITCH,
      peer: { ns: name, dev: NIC },
      origin,
    };
  });
  return {
    id: UNDERLAY,
    devices: [bridge, ...ports],
    addresses: [],
    routes: [],
    neighbours: [],
    fdb: [],
    sysctl: { 'bridge.bridge-nf-call-iptables': 0 },
    iptables: NO_RULES,
    ipsets: [],
    listeners: [],
  };
}
