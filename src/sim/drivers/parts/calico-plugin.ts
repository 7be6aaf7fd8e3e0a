/** What the `calico` CNI plugin leaves behind for each pod (cni-plugin/internal/pkg/plugin, felix/dataplane/linux/endpoint_mgr.go, v3.31). */
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type ClusterNode, type ClusterPod, podNs } from '../../kube/cluster.ts';
import { ipsOf } from '../../kube/families.ts';
import type { Device, Route, Sysctl } from '../../linux/config.ts';
import type { Origin } from '../../linux/origin.ts';
import { familyOf, type Ip, ip } from '../../wire/ip.ts';
import { linkLocalOf } from '../../wire/ip6.ts';
import type { Mac } from '../../wire/mac.ts';
import type { Fragment, Json } from '../contract.ts';
import { anyNet, hostPrefix } from './family-words.ts';
import type { PortmapConfig } from './portmap.ts';
import { hostNet } from './rules.ts';
import { netnsPath } from './sandbox.ts';
import { stableMac } from './stable-mac.ts';

const BY = 'calico (CNI plugin)';
const POD_DEVICE = 'eth0';
/** Nobody has this address: every node answers for it on the pods' cables (proxy ARP). */
const GATEWAY_4 = ip('169.254.1.1');
/** The node's end of every pod's cable has this one: no two of them ever meet on one link. */
const HOST_END_MAC = 'ee:ee:ee:ee:ee:ee' as Mac;
/** In IPv6 the node's end has an address by itself, the same on every cable: `fe80::ecee:eeff:feee:eeee`. */
const GATEWAY_6 = linkLocalOf(HOST_END_MAC);
const NAME_HASH_LETTERS = 11;

/** `cali` and the start of a SHA-1: the same name whenever the pod is made again. */
export function hostVeth(pod: ClusterPod): string {
  if (pod.veth !== undefined) return pod.veth;
  return `cali${bytesToHex(sha1(utf8ToBytes(`${pod.namespace}.${pod.name}`))).slice(0, NAME_HASH_LETTERS)}`;
}

/**
 * Host ports, by the chained `portmap`, in the network of 10-calico.conflist and 10-canal.conflist. The plugin before it returns a /32,
 * so only the pod itself is a hairpin.
 */
export const CALICO_PORTMAP: PortmapConfig = {
  network: 'k8s-pod-network',
  podNet: (pod) => hostNet(pod.ip),
  hostDevice: hostVeth,
};

/** The node's side: a device for each pod, a route to each pod, and no bridge. */
export function calicoNode(pods: readonly ClusterPod[], mtuBytes: number): Fragment {
  return {
    devices: pods.map((pod) => hostEnd(pod, mtuBytes)),
    routes: pods.map(routeTo),
    sysctl: Object.assign({}, ...pods.filter(hasFour).map((pod) => sysctlOf(hostVeth(pod)))) as Partial<Sysctl>,
  };
}

function hostEnd(pod: ClusterPod, mtuBytes: number): Device {
  return {
    kind: 'veth',
    name: hostVeth(pod),
    mac: HOST_END_MAC,
    mtuBytes,
    up: true,
    peer: { ns: podNs(pod), dev: POD_DEVICE },
    origin: { by: BY, for: `Pod ${podNs(pod)}`, why: "the node's end of the pod's cable: no bridge, no address" },
  };
}

/** `10.244.1.1 dev cali… scope link`: the plugin writes it, and Felix keeps it. */
function routeTo(pod: ClusterPod): Route {
  return {
    dst: hostNet(pod.ip),
    type: 'unicast',
    dev: hostVeth(pod),
    table: 'main',
    scope: 'link',
    origin: { by: BY, for: `Pod ${podNs(pod)}`, why: 'the pod is at the other end of this cable' },
  };
}

const hasFour = ({ ip: address }: ClusterPod): boolean => familyOf(address) === 4;

/** SIMPLIFIED: of IPv6 they are `proxy_ndp` and `forwarding` of the cable, which decide nothing here (Felix writes both). */
const sysctlOf = (dev: string) =>
  ({
    [`ipv4.conf.${dev}.route_localnet`]: 1,
    [`ipv4.conf.${dev}.proxy_arp`]: 1,
    [`ipv4.neigh.${dev}.proxy_delay`]: 0,
    [`ipv4.conf.${dev}.forwarding`]: 1,
    // Felix copies the node's default, here the kernel's; its own strict check is the rpfilter rule in raw PREROUTING.
    [`ipv4.conf.${dev}.rp_filter`]: 0,
  }) as const satisfies Partial<Sysctl>;

/** The pod's side: one address, and everybody else behind a gateway that is nowhere. */
export function calicoPod(node: ClusterNode, pod: ClusterPod, mtuBytes: number, ipam: string): Fragment {
  const origin = (why: string, by = BY): Origin => ({ by, for: `Pod ${podNs(pod)}`, why });
  return {
    devices: [
      {
        kind: 'veth',
        name: POD_DEVICE,
        mac: stableMac(`${podNs(pod)}/${POD_DEVICE}`),
        mtuBytes,
        up: true,
        peer: { ns: node.name, dev: hostVeth(pod) },
        origin: origin("the pod's end of its cable"),
      },
    ],
    addresses: [
      {
        dev: POD_DEVICE,
        ip: pod.ip,
        prefix: hostPrefix(hostNet(pod.ip)),
        scope: 'global',
        origin: origin('one address and no network around it: even neighbours are reached through the node', ipam),
      },
    ],
    routes: routesOf(pod, origin),
    sysctl: hasFour(pod) ? { 'ipv4.ip_forward': 0 } : { 'ipv6.conf.all.forwarding': 0 },
  };
}

function routesOf(pod: ClusterPod, origin: (why: string) => Origin): readonly Route[] {
  const route = { type: 'unicast', dev: POD_DEVICE, table: 'main' } as const;
  const via = (gateway: Ip, why: string): Route => ({
    ...route,
    dst: anyNet(hostNet(pod.ip)),
    via: gateway,
    scope: 'global',
    origin: origin(why),
  });
  if (!hasFour(pod)) return [via(GATEWAY_6, "everything goes to the node, to the address of the cable's other end")];
  return [
    via(GATEWAY_4, 'everything goes to the node, which answers for this address'),
    { ...route, dst: hostNet(GATEWAY_4), scope: 'link', origin: origin('the gateway is at the end of the cable') },
  ];
}

/** What the plugin prints beside `cniVersion`: whatever the address management said, the pod gets a /32, or a /128. */
export function calicoResult(pod: ClusterPod): { readonly [key: string]: Json } {
  return {
    interfaces: [
      { name: hostVeth(pod) },
      { name: POD_DEVICE, mac: stableMac(`${podNs(pod)}/${POD_DEVICE}`), sandbox: netnsPath(pod) },
    ],
    ips: ipsOf(pod).map((address) => ({ interface: 1, address: hostNet(address).text })),
    dns: {},
  };
}
