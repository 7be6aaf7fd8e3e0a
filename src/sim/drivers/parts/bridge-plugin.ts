/** What the reference CNI plugin `bridge` leaves behind (containernetworking/plugins, plugins/main/bridge/bridge.go, v1.6). */
import { hash32 } from '../../base/rng.ts';
import { type ClusterNode, type ClusterPod, podNs } from '../../kube/cluster.ts';
import { podCIDRsOf } from '../../kube/families.ts';
import type { Address, Device, Route } from '../../linux/config.ts';
import type { Origin } from '../../linux/origin.ts';
import { type Cidr, cidrNth, type Ip } from '../../wire/ip.ts';
import type { Fragment, PluginCall } from '../contract.ts';
import { anyNet, forwardingOn } from './family-words.ts';
import { addressesJson, hostLocalCall, type PluginInput } from './plugin-calls.ts';
import type { PortmapConfig } from './portmap.ts';
import { netnsPath } from './sandbox.ts';
import { stableMac } from './stable-mac.ts';

/** What the calling plugin writes into the configuration of `bridge`. */
export interface BridgeConfig {
  readonly bridge: string;
  readonly mtuBytes: number;
  readonly hairpin: boolean;
  /** `isDefaultGateway` adds the default route by itself; these are the routes of the `ipam` section. */
  readonly routes: readonly Cidr[];
}

const BY = 'bridge (CNI plugin)';
const POD_DEVICE = 'eth0';

/** The bridge takes the first address of the node's pod network, and the pods use it as gateway. */
const gatewayOf = (node: ClusterNode): Ip => cidrNth(node.podCIDR, 1);

/** `veth` and four random bytes, here four stable ones. */
function hostVeth(pod: ClusterPod): string {
  return pod.veth ?? `veth${hash32(podNs(pod)).toString(16).padStart(8, '0')}`;
}

/** The node's side. Nobody makes the bridge before the first pod is added, so a node without pods has none. */
export function bridgeNode(node: ClusterNode, pods: readonly ClusterPod[], config: BridgeConfig): Fragment {
  if (pods.length === 0) return {};
  const origin: Origin = { by: BY, for: `Node ${node.name}`, why: 'the first pod on this node needed a bridge' };
  const bridge: Device = {
    kind: 'bridge',
    name: config.bridge,
    mac: stableMac(`${node.name}/${config.bridge}`),
    mtuBytes: config.mtuBytes,
    up: true,
    origin,
  };
  const gateway: Address = {
    dev: config.bridge,
    ip: gatewayOf(node),
    prefix: node.podCIDR.prefix,
    scope: 'global',
    origin: { ...origin, why: 'the gateway of the pods of this node' },
  };
  return {
    devices: [bridge, ...pods.map((pod) => hostEnd(pod, config))],
    addresses: [gateway],
    sysctl: forwardingOn(node.podCIDR),
  };
}

function hostEnd(pod: ClusterPod, config: BridgeConfig): Device {
  const name = hostVeth(pod);
  return {
    kind: 'veth',
    name,
    mac: stableMac(`${pod.node}/${name}`),
    mtuBytes: config.mtuBytes,
    up: true,
    master: config.bridge,
    ...(config.hairpin ? { hairpin: true } : {}),
    peer: { ns: podNs(pod), dev: POD_DEVICE },
    origin: { by: BY, for: `Pod ${podNs(pod)}`, why: "the node's end of the pod's cable, a port of the bridge" },
  };
}

/** Host ports, by the chained `portmap`: it takes the pod's address with its prefix from what `bridge` returned. */
export const bridgePortmap = (node: ClusterNode, network: string, bridge: string): PortmapConfig => ({
  network,
  podNet: () => node.podCIDR,
  hostDevice: () => bridge,
});

/** The pod's side. */
export function bridgePod(node: ClusterNode, pod: ClusterPod, config: BridgeConfig): Fragment {
  const origin = (why: string): Origin => ({ by: BY, for: `Pod ${podNs(pod)}`, why });
  const route = (dst: Cidr, why: string): Route => ({
    dst,
    type: 'unicast',
    via: gatewayOf(node),
    dev: POD_DEVICE,
    table: 'main',
    scope: 'global',
    origin: origin(why),
  });
  const device: Device = {
    kind: 'veth',
    name: POD_DEVICE,
    mac: stableMac(`${podNs(pod)}/${POD_DEVICE}`),
    mtuBytes: config.mtuBytes,
    up: true,
    peer: { ns: node.name, dev: hostVeth(pod) },
    origin: origin("the pod's end of its cable"),
  };
  const address: Address = {
    dev: POD_DEVICE,
    ip: pod.ip,
    prefix: node.podCIDR.prefix,
    scope: 'global',
    origin: { ...origin("a free address of the node's pod network"), by: 'host-local (CNI plugin)' },
  };
  return {
    devices: [device],
    addresses: [address],
    routes: [
      route(anyNet(node.podCIDR), "everything outside the node's pod network goes through the node"),
      ...config.routes.map((dst) => route(dst, 'the pod network of the cluster is reached through the node')),
    ],
  };
}

/** `bridge` and the `host-local` that it runs, for one pod (plugins/main/bridge, plugins/ipam/host-local, v1.6). */
export function bridgeCalls(
  node: ClusterNode,
  pod: ClusterPod,
  config: BridgeConfig,
  input: PluginInput,
  caller: string,
): readonly PluginCall[] {
  const { cniVersion } = input;
  const routes = [
    ...config.routes.map(({ text }) => ({ dst: text })),
    ...podCIDRsOf(node).map((net) => ({ dst: anyNet(net).text, gw: cidrNth(net, 1) })),
  ];
  const hostEnds = hostVeth(pod);
  return [
    {
      plugin: 'bridge',
      caller,
      does: `It makes ${config.bridge} if there is none, asks for an address, lays a cable from the pod to the bridge, and gives the pod its routes.`,
      stdin: input,
      stdout: {
        cniVersion,
        interfaces: [
          { name: config.bridge, mac: stableMac(`${node.name}/${config.bridge}`) },
          { name: hostEnds, mac: stableMac(`${pod.node}/${hostEnds}`) },
          { name: POD_DEVICE, mac: stableMac(`${podNs(pod)}/${POD_DEVICE}`), sandbox: netnsPath(pod) },
        ],
        ips: addressesJson(cniVersion, node, pod).map((one) => ({ ...one, interface: 2 })),
        routes,
        dns: {},
      },
    },
    hostLocalCall(
      node,
      pod,
      input,
      'bridge',
      config.routes.map(({ text }) => text),
    ),
  ];
}
