/** CNI ADD with Weave Net: the plugin asks weaver over HTTP (plugin/net/cni.go, plugin/ipam/cni.go; v2.8.1). */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { CniOptions, Json, PodAdd } from '../../contract.ts';
import { portmapCall } from '../../parts/plugin-calls.ts';
import { bridgeIp } from './wiring.ts';

const CNI_VERSION = '0.3.0';
export const NETWORK = 'weave';

/** The plugin's HTTP client, when nobody listens (plugin/ipam/cni.go). */
export const WEAVER_DOWN =
  'unable to allocate IP address: Post "http://127.0.0.1:6784/ip/": dial tcp 127.0.0.1:6784: connect: connection refused';

export function addWeave(
  cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  _mode: string,
  options: CniOptions,
): PodAdd {
  const plugin = { name: NETWORK, type: 'weave-net', hairpinMode: options.hairpin ?? true };
  const portmap = { type: 'portmap', capabilities: { portMappings: true }, snat: true };
  const input = { cniVersion: CNI_VERSION, ...plugin };
  const given: Json = { version: '4', address: `${pod.ip}/${cluster.podCIDR.prefix}` };
  const result: Json = { cniVersion: CNI_VERSION, ips: [{ ...given, gateway: bridgeIp(node) }], dns: {} };
  return {
    conf: {
      path: '/etc/cni/net.d/10-weave.conflist',
      json: { cniVersion: CNI_VERSION, name: NETWORK, plugins: [plugin, portmap] },
    },
    calls: [
      {
        plugin: 'weave-net',
        caller: 'containerd',
        does: 'It asks for an address, lays a cable from the pod to the bridge weave, and makes the bridge the gateway for all that is no pod.',
        stdin: input,
        stdout: result,
      },
      {
        plugin: 'weave-ipam',
        caller: 'weave-net',
        signs: 'weaver',
        does: `No executable of its own: a request to weaver on this node (127.0.0.1:6784), which takes the lowest free address of its share of ${cluster.podCIDR.text}. The shares are settled among all peers by gossip.`,
        stdin: input,
        isIpam: true,
        stdout: { cniVersion: CNI_VERSION, ips: [given], dns: {} },
      },
      portmapCall(pod, { cniVersion: CNI_VERSION, name: NETWORK, ...portmap }, result),
    ],
    afterwards: [
      {
        by: 'weaver',
        where: 'other nodes',
        how: 'Nothing is sent: all pods are on one Ethernet. Other nodes find this one by ARP, and their weaver remembers from the first frame behind which peer its MAC address is.',
      },
    ],
  };
}
