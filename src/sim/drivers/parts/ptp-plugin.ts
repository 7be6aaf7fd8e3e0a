/** What the reference CNI plugin `ptp` leaves behind (containernetworking/plugins, plugins/main/ptp/ptp.go, v1.9.1; listings as v1.1.1 left them on Linux 6.18). */
import { hash32 } from '../../base/rng.ts';
import { type ClusterNode, type ClusterPod, podNs } from '../../kube/cluster.ts';
import type { Address, Device, Route } from '../../linux/config.ts';
import type { Origin } from '../../linux/origin.ts';
import { type Cidr, cidrNth, type Ip } from '../../wire/ip.ts';
import type { Fragment } from '../contract.ts';
import { anyNet, forwardingOn, hostPrefix } from './family-words.ts';
import type { PortmapConfig } from './portmap.ts';
import { hostNet } from './rules.ts';
import { stableMac } from './stable-mac.ts';

export const PTP = 'ptp (CNI plugin)';
const POD_DEVICE = 'eth0';

/** The first address of the node's pod network: the gateway of every pod, and on the node's end of every cable. */
const gatewayOf = (node: ClusterNode): Ip => cidrNth(node.podCIDR, 1);

/** `veth` and four random bytes, here four stable ones. */
export function hostVeth(pod: ClusterPod): string {
  return pod.veth ?? `veth${hash32(podNs(pod)).toString(16).padStart(8, '0')}`;
}

const originFor = (pod: ClusterPod, why: string, by = PTP): Origin => ({ by, for: `Pod ${podNs(pod)}`, why });

/** Host ports, by the chained `portmap`: it takes the pod's address with its prefix from what `ptp` returned. */
export const ptpPortmap = (node: ClusterNode, network: string): PortmapConfig => ({
  network,
  podNet: () => node.podCIDR,
  hostDevice: hostVeth,
});

/** The node's side: a cable for each pod, with the same address on all of them and a route to the one pod behind. */
export function ptpNode(node: ClusterNode, pods: readonly ClusterPod[], mtuBytes: number): Fragment {
  return {
    devices: pods.map((pod) => cableEnd(pod, hostVeth(pod), pod.node, { ns: podNs(pod), dev: POD_DEVICE }, mtuBytes)),
    addresses: pods.map(
      (pod): Address => ({
        dev: hostVeth(pod),
        ip: gatewayOf(node),
        prefix: hostPrefix(node.podCIDR),
        scope: 'global',
        origin: originFor(pod, 'the gateway of the pod; every other cable of this node has it too'),
      }),
    ),
    routes: pods.map(
      (pod): Route => ({
        dst: hostNet(pod.ip),
        type: 'unicast',
        dev: hostVeth(pod),
        table: 'main',
        // ip.AddHostRoute.
        scope: 'host',
        origin: originFor(pod, 'the pod is at the other end of this cable'),
      }),
    ),
    sysctl: pods.length > 0 ? forwardingOn(node.podCIDR) : {},
  };
}

function cableEnd(
  pod: ClusterPod,
  name: string,
  ns: string,
  peer: { ns: string; dev: string },
  mtuBytes: number,
): Device {
  const whose = name === POD_DEVICE ? "the pod's" : "the node's";
  return {
    kind: 'veth',
    name,
    mac: stableMac(`${ns}/${name}`),
    mtuBytes,
    up: true,
    peer,
    origin: originFor(pod, `${whose} end of the pod's cable; there is no bridge`),
  };
}

/** The pod's side: an address with the node's pod network around it, which is then sent to the gateway, neighbours and all. */
export function ptpPod(node: ClusterNode, pod: ClusterPod, mtuBytes: number): Fragment {
  const gateway = gatewayOf(node);
  const route = (dst: Cidr, scope: Route['scope'], fields: Partial<Route>, why: string): Route => ({
    dst,
    type: 'unicast',
    dev: POD_DEVICE,
    table: 'main',
    scope,
    ...fields,
    origin: originFor(pod, why),
  });
  return {
    devices: [cableEnd(pod, POD_DEVICE, podNs(pod), { ns: node.name, dev: hostVeth(pod) }, mtuBytes)],
    addresses: [
      {
        dev: POD_DEVICE,
        ip: pod.ip,
        prefix: node.podCIDR.prefix,
        scope: 'global',
        origin: originFor(pod, "a free address of the node's pod network", 'host-local (CNI plugin)'),
      },
    ],
    routes: [
      route(anyNet(node.podCIDR), 'global', { via: gateway }, 'everything goes to the node'),
      route(
        node.podCIDR,
        'global',
        { via: gateway, src: pod.ip },
        'pods of the same node are reached through the node, too',
      ),
      route(hostNet(gateway), 'link', { src: pod.ip }, 'the gateway is at the other end of the cable'),
    ],
    deletedRoutes: [
      route(
        node.podCIDR,
        'link',
        // As the kernel makes it: IPv6 has no source in it.
        { ...(node.podCIDR.family === 4 ? { src: pod.ip } : { metric: 256 }), proto: 'kernel' },
        'nobody else is on this cable, so a neighbour would be asked for in vain',
      ),
    ],
  };
}
