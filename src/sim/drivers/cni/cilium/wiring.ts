/** Devices, addresses and routes of a node and of its pods: pkg/datapath/loader, pkg/datapath/linux/node.go, plugins/cilium-cni. */
import { type Cluster, type ClusterNode, type ClusterPod, podNs } from '../../../kube/cluster.ts';
import type { Device, Route } from '../../../linux/config.ts';
import type { Origin } from '../../../linux/origin.ts';
import { ANY_NET, type Cidr, type Ip } from '../../../wire/ip.ts';
import type { CniOptions, Fragment } from '../../contract.ts';
import { hostNet } from '../../parts/rules.ts';
import * as at from './addresses.ts';
import * as facts from './facts.ts';
import type { CiliumSettings } from './modes.ts';

const AGENT = 'cilium-agent';
const PLUGIN = 'cilium-cni (CNI plugin)';

export const tunnelDevice = ({ routing }: CiliumSettings): string => (routing === 'native' ? '' : `cilium_${routing}`);

const agent = (node: ClusterNode, why: string): Origin => ({ by: AGENT, for: `Node ${node.name}`, why });
const plugin = (pod: ClusterPod, why: string): Origin => ({ by: PLUGIN, for: `Pod ${podNs(pod)}`, why });

/** Devices keep the MTU of the network; what a tunnel needs is taken off by the routes. */
export const routeMtu = (cluster: Cluster, { routing }: CiliumSettings): number =>
  cluster.nodeNetwork.mtuBytes - (routing === 'native' ? 0 : facts.TUNNEL_OVERHEAD_BYTES);

export function nodeWiring(
  cluster: Cluster,
  node: ClusterNode,
  pods: readonly ClusterPod[],
  settings: CiliumSettings,
): Fragment {
  const router = at.routerIp(node);
  const peers = cluster.nodes.filter((peer) => peer !== node);
  return {
    devices: [...ownDevices(cluster, node, settings), ...pods.map((pod) => hostEnd(cluster, pod))],
    addresses: [
      {
        dev: facts.HOST_DEVICE,
        ip: router,
        prefix: 32,
        scope: 'global',
        origin: agent(
          node,
          'the router address: the gateway of the pods, and the source of what the node sends to them',
        ),
      },
    ],
    routes: [
      throughHost(router, hostNet(router), agent(node, 'the router is on cilium_host'), 'link'),
      throughHost(router, node.podCIDR, agent(node, 'the pods of this node are behind its programs')),
      ...peers.map((peer) => toPeer(cluster, node, peer, settings)),
      ...(settings.endpointRoutes ? pods.map(endpointRoute) : []),
    ],
    sysctl: { 'ipv4.ip_forward': 1, 'bridge.bridge-nf-call-iptables': 1, 'ipv4.conf.all.rp_filter': 0 },
  };
}

function ownDevices(cluster: Cluster, node: ClusterNode, settings: CiliumSettings): Device[] {
  const { mtuBytes } = cluster.nodeNetwork;
  const pair = (name: string, peer: string, mac: Device['mac'], why: string): Device => ({
    kind: 'veth',
    name,
    mac,
    mtuBytes,
    up: true,
    noarp: true,
    peer: { ns: node.name, dev: peer },
    origin: agent(node, why),
  });
  const { HOST_DEVICE, NET_DEVICE } = facts;
  const devices = [
    pair(NET_DEVICE, HOST_DEVICE, at.netMac(node), 'the other end of cilium_host'),
    pair(
      HOST_DEVICE,
      NET_DEVICE,
      at.hostMac(node),
      "the node's own door to its pods: a program on it takes what the IP stack sends",
    ),
  ];
  const tunnel = tunnelDevice(settings);
  if (tunnel === '') return devices;
  return [
    ...devices,
    {
      kind: settings.routing === 'geneve' ? 'geneve' : 'vxlan-external',
      name: tunnel,
      mac: at.tunnelMac(node, tunnel),
      mtuBytes,
      up: true,
      dstPort: settings.routing === 'geneve' ? facts.GENEVE_PORT : facts.VXLAN_PORT,
      origin: agent(node, 'one tunnel device for all nodes: a program says for each packet where it goes'),
    },
  ];
}

function hostEnd(cluster: Cluster, pod: ClusterPod): Device {
  return {
    kind: 'veth',
    name: at.lxcOf(pod),
    mac: at.lxcMac(pod),
    mtuBytes: cluster.nodeNetwork.mtuBytes,
    up: true,
    peer: { ns: podNs(pod), dev: facts.POD_DEVICE },
    origin: plugin(pod, "the node's end of the pod's cable, where the pod's program is"),
  };
}

function throughHost(
  router: Ip,
  dst: Cidr,
  origin: Origin,
  scope: Route['scope'] = 'global',
  mtuBytes?: number,
): Route {
  const isLink = scope === 'link';
  return {
    dst,
    type: 'unicast',
    ...(isLink ? {} : { via: router, src: router }),
    dev: facts.HOST_DEVICE,
    table: 'main',
    scope,
    proto: 'kernel',
    ...(mtuBytes === undefined ? {} : { mtuBytes }),
    origin,
  };
}

/** With a tunnel only what the node itself sends follows this route: what pods send never meets it. */
function toPeer(cluster: Cluster, node: ClusterNode, peer: ClusterNode, settings: CiliumSettings): Route {
  const origin: Origin = { by: AGENT, for: `Node ${peer.name}`, why: `the pods of ${peer.name} are behind that node` };
  if (settings.routing !== 'native')
    return throughHost(at.routerIp(node), peer.podCIDR, origin, 'global', routeMtu(cluster, settings));
  const { podCIDR: dst, ip: via } = peer;
  return { dst, type: 'unicast', via, dev: facts.NODE_DEVICE, table: 'main', scope: 'global', proto: 'kernel', origin };
}

function endpointRoute(pod: ClusterPod): Route {
  return {
    dst: hostNet(pod.ip),
    type: 'unicast',
    dev: at.lxcOf(pod),
    table: 'main',
    scope: 'link',
    proto: 'kernel',
    origin: plugin(pod, "the pod's address is at the end of its cable"),
  };
}

/** The pod's side: a single address, and everything by the router, which nobody but the program on the cable answers for. */
export function podWiring(
  cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  settings: CiliumSettings,
  options: CniOptions,
): Fragment {
  const router = at.routerIp(node);
  const dev = facts.POD_DEVICE;
  const route = (dst: Cidr, how: Partial<Route>, why: string): Route => ({
    dst,
    type: 'unicast',
    dev,
    table: 'main',
    scope: 'global',
    ...how,
    origin: plugin(pod, why),
  });
  const mtuBytes = options.podMtuBytes ?? routeMtu(cluster, settings);
  return {
    devices: [
      {
        kind: 'veth',
        name: dev,
        mac: at.podMac(pod),
        mtuBytes: cluster.nodeNetwork.mtuBytes,
        up: true,
        peer: { ns: node.name, dev: at.lxcOf(pod) },
        origin: plugin(pod, "the pod's end of its cable"),
      },
    ],
    addresses: [
      {
        dev,
        ip: pod.ip,
        prefix: 32,
        scope: 'global',
        origin: { ...plugin(pod, "a free address of the node's range, alone on its link"), by: AGENT },
      },
    ],
    routes: [
      route(
        ANY_NET,
        { via: router, mtuBytes },
        'everything goes to the router; the route knows what fits into a tunnel',
      ),
      route(hostNet(router), { scope: 'link' }, 'the router is asked for on the cable itself'),
    ],
  };
}
