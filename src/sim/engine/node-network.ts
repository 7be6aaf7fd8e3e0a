/** What stands there before Kubernetes: network cards, switches, the router between two node subnets, and the world outside. */
import { lazyFields } from '../base/lazy-fields.ts';
import { hash32 } from '../base/rng.ts';
import type { FabricRoute, Fragment } from '../drivers/contract.ts';
import { boundIps, serverOf } from '../drivers/dns/servers.ts';
import { anyNet } from '../drivers/parts/family-words.ts';
import { hostNet } from '../drivers/parts/rules.ts';
import {
  type Cluster,
  type ClusterPod,
  type ClusterRouter,
  type ExternalHost,
  type Listening,
  type NodeSubnet,
  podNetworks,
} from '../kube/cluster.ts';
import { type Family, familiesOf, ipIn, ipsOf, subnetHas, subnetIn } from '../kube/families.ts';
import { subnetOf, subnetsOf } from '../kube/subnets.ts';
import type { Address, Device, Listener, NetnsConfig, NsId, PortRef, Route } from '../linux/config.ts';
import { applyRuleOps } from '../linux/netfilter/iptables/build.ts';
import type { Origin } from '../linux/origin.ts';
import { ANY_NET, cidr, familyOf, type Ip, ip } from '../wire/ip.ts';
import { macFromHash, ZERO_MAC } from '../wire/mac.ts';
import { directedIps } from './external-ips.ts';
import { FAR_UNDERLAY, UNDERLAY } from './world.ts';

export const NIC = 'eth0';
const SWITCH = 'sw0';
const LOOPBACK_MTU_BYTES = 65_536;
/** Upstream routers do not carry private addresses (RFC 1918, RFC 4193). */
const PRIVATE_NETS: Readonly<Record<Family, readonly string[]>> = {
  4: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  6: ['fc00::/7'],
};
/** The router's legs: into each node subnet, and out. */
const LEGS = ['eth0', 'eth1'] as const;
const UPLINK = 'eth2';

export const NO_RULES: NetnsConfig['iptables'] = new Map();
const KERNEL: Origin = { by: 'kernel', why: 'every network namespace has it' };

/** The switch port of a machine. */
export const switchPort = (machine: string): string => `sw-${machine}`;

type Machine = Pick<NetnsConfig, 'devices' | 'addresses' | 'routes' | 'listeners'>;
type Named = { readonly name: string; readonly ip: Ip; readonly ips?: readonly Ip[] };

/** What a machine on a node network has by itself: loopback, one card, its addresses and a default route of each family. */
export function machine(cluster: Cluster, host: Named, listens: readonly Listening[]): Machine {
  const { name } = host;
  const segment = subnetOf(cluster, host) ?? cluster.nodeNetwork;
  const origin = standing(name, 'the machine stands on the node network');
  const peer = { ns: switchOf(cluster, segment), dev: switchPort(name) };
  const legs = ipsOf(host).map((address) => ({ address, subnet: subnetIn(segment, familyOf(address)) }));
  return {
    devices: [loopback(), nic(cluster, name, NIC, peer, origin)],
    addresses: [
      ...loopbackAddresses(cluster),
      ...legs.map(
        ({ address, subnet }): Address => ({
          dev: NIC,
          ip: address,
          prefix: subnet.cidr.prefix,
          scope: 'global',
          origin,
        }),
      ),
    ],
    routes: legs.map(({ subnet }) =>
      route(anyNet(subnet.cidr), subnet.gateway, NIC, { ...origin, why: 'all else goes to the router' }),
    ),
    listeners: listenersOf(cluster, listens, `Node ${name}`),
  };
}

const LOOPBACKS: Readonly<Record<Family, Pick<Address, 'ip' | 'prefix'>>> = {
  4: { ip: ip('127.0.0.1'), prefix: 8 },
  6: { ip: ip('::1'), prefix: 128 },
};

/** SIMPLIFIED: where the cluster has no IPv6, no namespace speaks it; 127.0.0.1 is everywhere. */
export function loopbackAddresses(cluster: Cluster): readonly Address[] {
  const families: readonly Family[] = familiesOf(cluster).includes(6) ? [4, 6] : [4];
  return families.map((family) => ({ dev: 'lo', ...LOOPBACKS[family], scope: 'host', origin: KERNEL }));
}

export const loopback = (): Device => ({
  kind: 'loopback',
  name: 'lo',
  mac: ZERO_MAC,
  mtuBytes: LOOPBACK_MTU_BYTES,
  up: true,
  origin: KERNEL,
});

export function listenersOf(
  cluster: Cluster,
  listens: readonly Listening[],
  owner: string,
  ns?: ClusterPod,
): Listener[] {
  return listens
    .filter((l) => l.up !== false)
    .flatMap((one) => {
      const { proto, port, program, pod } = one;
      const origin = { by: program, for: pod === undefined ? owner : `Pod ${pod}` };
      const listener = { proto, port, program, ...serverOf(cluster, one, ns), origin };
      return boundIps(cluster, one).map((address) => ({ ...listener, ...(address && { ip: address }) }));
    });
}

const standing = (name: string, why: string): Origin => ({ by: 'administrator', for: `Node ${name}`, why });

const route = (dst: Route['dst'], via: Ip, dev: string, origin: Origin): Route => ({
  dst,
  type: 'unicast',
  via,
  dev,
  table: 'main',
  scope: 'global',
  origin,
});

function nic(cluster: Cluster, machineName: string, name: string, peer: PortRef, origin: Origin): Device {
  const mac = macFromHash('52', hash32(`${machineName}/${name}`), 0x54);
  return { kind: 'nic', name, mac, mtuBytes: cluster.nodeNetwork.mtuBytes, up: true, peer, origin };
}

const switchOf = (cluster: Cluster, subnet: NodeSubnet): NsId =>
  subnet === cluster.router?.farSubnet ? FAR_UNDERLAY : UNDERLAY;

/** A machine outside the cluster, or the router between its subnets. What it has for a load balancer is made when somebody looks. */
export function externalConfig(cluster: Cluster, host: ExternalHost, more: () => Fragment = () => ({})): NetnsConfig {
  const plain = plainExternal(cluster, host);
  const own = { devices: plain.devices, addresses: plain.addresses };
  return lazyFields({ ...plain, own }, MORE, () => withMore(cluster, host, plain, more()));
}

type More = Pick<NetnsConfig, 'addresses' | 'routes' | 'sysctl' | 'iptables' | 'ipvs' | 'listeners'>;

const MORE = Object.keys({
  addresses: true,
  routes: true,
  sysctl: true,
  iptables: true,
  ipvs: true,
  listeners: true,
} satisfies Record<keyof More, true>) as (keyof More)[];

function withMore(cluster: Cluster, host: ExternalHost, plain: NetnsConfig, more: Fragment): More {
  return {
    addresses: [...plain.addresses, ...(more.addresses ?? [])],
    routes: [
      ...plain.routes,
      ...balancerRoutes(cluster, host),
      ...externalIpRoutes(cluster, host),
      ...(more.routes ?? []),
    ],
    sysctl: { ...plain.sysctl, ...more.sysctl },
    iptables: applyRuleOps(more.iptables ?? []),
    ...(more.ipvs && { ipvs: more.ipvs }),
    listeners: [...plain.listeners, ...(more.listeners ?? [])],
  };
}

/** The way to the addresses of load balancers, where they are not among those of the node network. */
function balancerRoutes({ balancer, router }: Cluster, host: ExternalHost): readonly Route[] {
  const net = balancer?.pool.net;
  if (!net || host.isBalancer) return [];
  const origin = standing(host.name, 'the addresses of load balancers are this way');
  if (router && host.isGateway) return [route(net, router.uplink.ip, NIC, origin)];
  const { machine: found } = balancer;
  return found ? [route(net, found.ip, NIC, origin)] : [];
}

/** Routers know them all; another machine only those that it would look for on its own segment. */
function externalIpRoutes(cluster: Cluster, host: ExternalHost): readonly Route[] {
  const { router, nodeNetwork } = cluster;
  const isRouter = router ? host.name === router.name : host.isGateway;
  return directedIps(cluster).flatMap(({ ip: address, node, service }) => {
    const why = `it is an external IP of ${service.namespace}/${service.name}, so somebody must send it to a node`;
    const origin: Origin = { by: 'administrator', for: `Service ${service.namespace}/${service.name}`, why };
    const to = hostNet(address);
    if (router && host.isGateway) return [route(to, router.uplink.ip, NIC, origin)];
    return isRouter || subnetHas(nodeNetwork, address)
      ? [route(to, ipIn(node, to.family) ?? node.ip, NIC, origin)]
      : [];
  });
}

function plainExternal(cluster: Cluster, host: ExternalHost): NetnsConfig {
  const { router } = cluster;
  if (router && host.name === router.name) return routerConfig(cluster, router);
  const own = router && host.isGateway ? behindRouter(cluster, router, host) : machine(cluster, host, host.listens);
  const origin: Origin = { by: 'administrator', why: 'routers of the Internet do not carry private addresses' };
  const families = familiesOf(cluster);
  const blackholes = families
    .flatMap((family) => PRIVATE_NETS[family])
    .map((net): Route => ({ dst: cidr(net), type: 'blackhole', table: 'main', scope: 'global', origin }));
  const lo = host.lo.map((address): Address => {
    const { prefix } = hostNet(address);
    return { dev: 'lo', ip: address, prefix, scope: 'global' };
  });
  // The gateway of a single node network has no default route: what it does not know is not there.
  const known = router ? own.routes : [];
  return {
    id: host.name,
    ...NOTHING,
    devices: own.devices,
    addresses: [...own.addresses, ...lo],
    routes: host.isGateway ? [...known, ...blackholes] : own.routes,
    sysctl: {
      'ipv4.ip_forward': host.isGateway ? 1 : 0,
      ...(host.isGateway && families.includes(6) ? { 'ipv6.conf.all.forwarding': 1 as const } : {}),
    },
    listeners: own.listeners,
  };
}

const NOTHING = { neighbours: [], fdb: [], iptables: NO_RULES, ipsets: [] };

/** The Internet at the far end of the router's uplink. It knows the way to nodes, because they call it from their addresses. */
function behindRouter(cluster: Cluster, router: ClusterRouter, host: ExternalHost): Machine {
  const origin = standing(host.name, 'the cable to the router of the node subnets');
  const peer = { ns: router.name, dev: UPLINK };
  const prefix = router.uplink.cidr.prefix;
  return {
    devices: [loopback(), nic(cluster, host.name, NIC, peer, origin)],
    addresses: [...loopbackAddresses(cluster), { dev: NIC, ip: host.ip, prefix, scope: 'global', origin }],
    routes: subnetsOf(cluster).map((subnet) =>
      route(subnet.cidr, router.uplink.ip, NIC, { ...origin, why: 'this node subnet is behind the router' }),
    ),
    listeners: listenersOf(cluster, host.listens, `Node ${host.name}`),
  };
}

/** Linux with forwarding on, and nothing else: no rule, no connection tracking. */
function routerConfig(cluster: Cluster, router: ClusterRouter): NetnsConfig {
  const { name, uplink } = router;
  const origin = standing(name, 'a leg of the router');
  const subnets = subnetsOf(cluster);
  const internet = cluster.externals.find(({ isGateway }) => isGateway);
  const legs = subnets.map((subnet, at) => ({ subnet, dev: LEGS[at] ?? UPLINK }));
  const address = (dev: string, own: Ip, prefix: number): Address => ({
    dev,
    ip: own,
    prefix,
    scope: 'global',
    origin,
  });
  return {
    id: name,
    ...NOTHING,
    devices: [
      loopback(),
      ...legs.map(({ subnet, dev }) => {
        const port = { ns: switchOf(cluster, subnet), dev: switchPort(name) };
        return nic(cluster, name, dev, port, origin);
      }),
      ...(internet ? [nic(cluster, name, UPLINK, { ns: internet.name, dev: NIC }, origin)] : []),
    ],
    addresses: [
      ...loopbackAddresses(cluster),
      ...legs.map(({ subnet, dev }) => address(dev, subnet.gateway, subnet.cidr.prefix)),
      ...(internet ? [address(UPLINK, uplink.ip, uplink.cidr.prefix)] : []),
    ],
    routes: [
      ...(router.knowsPods ? podRoutes(cluster, legs) : []),
      ...(internet ? [route(ANY_NET, internet.ip, UPLINK, { ...origin, why: 'all else goes to the Internet' })] : []),
    ],
    sysctl: { 'ipv4.ip_forward': 1 },
    listeners: [],
  };
}

/** `ip route add 10.244.2.0/24 via 192.168.57.13`: what an administrator, or BGP, tells a router about pods. */
function podRoutes(
  cluster: Cluster,
  legs: readonly { readonly subnet: NodeSubnet; readonly dev: string }[],
): readonly Route[] {
  return cluster.nodes.flatMap((node) => {
    const leg = legs.find(({ subnet }) => subnet === subnetOf(cluster, node));
    if (!leg) return [];
    const why = `the pods of ${node.name} are behind that node`;
    return podNetworks(node).map((net) => route(net, node.ip, leg.dev, standing(node.name, why)));
  });
}

/** The switches: one, or one for each node subnet; a cloud's have a route table. */
export function switches(
  cluster: Cluster,
  table?: readonly FabricRoute[],
): readonly (readonly [NsId, () => NetnsConfig])[] {
  return subnetsOf(cluster).map((subnet) => {
    const id = switchOf(cluster, subnet);
    return [id, () => switchConfig(cluster, subnet, id, table)] as const;
  });
}

/** A bridge without an address, which no IP hook sees. */
function switchConfig(cluster: Cluster, subnet: NodeSubnet, id: NsId, table?: readonly FabricRoute[]): NetnsConfig {
  const { mtuBytes } = cluster.nodeNetwork;
  const origin: Origin = { by: 'administrator', why: 'the switch of the node network' };
  const mac = (of: string) => macFromHash('52', hash32(id === UNDERLAY ? of : `${id}/${of}`), 0x54);
  const bridge: Device = {
    kind: table ? 'fabric' : 'bridge',
    name: SWITCH,
    mac: mac(SWITCH),
    mtuBytes,
    up: true,
    origin,
  };
  const ports = pluggedInto(cluster, subnet).map((end): Device => {
    const name = switchPort(end.ns);
    return { kind: 'nic', name, mac: mac(name), mtuBytes, up: true, master: SWITCH, peer: end, origin };
  });
  return {
    id,
    ...NOTHING,
    devices: [bridge, ...ports],
    addresses: [],
    routes: (table ?? []).map(({ dst, via, machine: name, origin: by }) => route(dst, via, switchPort(name), by)),
    sysctl: {
      'bridge.bridge-nf-call-iptables': 0,
      ...(familiesOf(cluster).includes(6) ? { 'bridge.bridge-nf-call-ip6tables': 0 as const } : {}),
    },
    listeners: [],
  };
}

function pluggedInto(cluster: Cluster, subnet: NodeSubnet): readonly PortRef[] {
  const { router } = cluster;
  const isHere = (of: Named): boolean =>
    of.name !== router?.name && (subnetOf(cluster, of) ?? cluster.nodeNetwork) === subnet;
  const isCabled = (of: ExternalHost): boolean => router !== undefined && of.isGateway;
  const machines = [...cluster.nodes, ...cluster.externals.filter((host) => !isCabled(host))].filter(isHere);
  const leg = LEGS[subnetsOf(cluster).indexOf(subnet)];
  return [
    ...machines.map(({ name }) => ({ ns: name, dev: NIC })),
    ...(router && leg ? [{ ns: router.name, dev: leg }] : []),
  ];
}
