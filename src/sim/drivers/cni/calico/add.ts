/** CNI ADD with Calico (cni-plugin/pkg/k8s/k8s.go, cni-plugin/pkg/ipamplugin, manifests/calico.yaml; v3.31.7). */
import { type Cluster, type ClusterNode, type ClusterPod, podNetworkWith } from '../../../kube/cluster.ts';
import { type Family, familiesOf, ipsOf } from '../../../kube/families.ts';
import { familyOf, type Ip } from '../../../wire/ip.ts';
import type { Afterwards, CniOptions, Json, PluginCall, PodAdd } from '../../contract.ts';
import { calicoCall, calicoConf, felixHere } from '../../parts/calico-calls.ts';
import { calicoResult } from '../../parts/calico-plugin.ts';
import { portmapCall } from '../../parts/plugin-calls.ts';
import { hostNet } from '../../parts/rules.ts';
import { BLOCK_PREFIXES } from './facts.ts';
import { type CalicoMode, modeOf, overheadOf } from './modes.ts';

const CNI_VERSION = '1.0.0';
const NAME = 'k8s-pod-network';

export function addCalico(
  cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  modeId: string,
  options: CniOptions,
): PodAdd {
  const mode = modeOf(modeId);
  const mtu = options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes - overheadOf(mode, familiesOf(cluster));
  const calico = calicoConf(node, mtu, ipamConf(familiesOf(cluster)));
  const portmap = { type: 'portmap', snat: true, capabilities: { portMappings: true } } as const;
  const input = { name: NAME, cniVersion: CNI_VERSION, ...calico };
  const result: Json = { cniVersion: CNI_VERSION, ...calicoResult(pod) };
  return {
    conf: {
      path: '/etc/cni/net.d/10-calico.conflist',
      json: { name: NAME, cniVersion: CNI_VERSION, plugins: [calico, portmap] },
    },
    calls: [
      calicoCall(pod, input, result),
      ipamCall(node, pod, input),
      portmapCall(pod, { cniVersion: CNI_VERSION, name: NAME, ...portmap }, result),
    ],
    afterwards: [felixHere(pod), birdHere(node, pod), others(node, pod, mode)],
  };
}

/** Which families it is to ask for is a matter of this file alone: absent means IPv4. */
function ipamConf(families: readonly Family[]): { readonly [key: string]: Json } {
  const type = 'calico-ipam';
  if (!families.includes(6)) return { type };
  return { type, assign_ipv4: String(families.includes(4)), assign_ipv6: 'true' };
}

function ipamCall(node: ClusterNode, pod: ClusterPod, stdin: Json): PluginCall {
  const taken = (ip: Ip): string => {
    const block = podNetworkWith(node, ip);
    return block
      ? `the next free address of ${block.text}, a block of the pool that belongs to ${node.name}`
      : `${ip}, borrowed from the block of another node: no block is left in the pool`;
  };
  const from = ipsOf(pod).map(taken).join(', and ');
  return {
    plugin: 'calico-ipam',
    caller: 'calico',
    does: `It takes ${from}. The blocks are objects in the API server; the node's own podCIDR is not looked at.`,
    stdin,
    isIpam: true,
    stdout: {
      cniVersion: CNI_VERSION,
      ips: ipsOf(pod).map((ip) => ({
        address: `${ip}/${podNetworkWith(node, ip)?.prefix ?? BLOCK_PREFIXES[familyOf(ip)]}`,
      })),
      dns: {},
    },
  };
}

const birdHere = (node: ClusterNode, pod: ClusterPod): Afterwards => ({
  by: 'bird',
  where: 'this node',
  how: `This is the first pod of ${podNetworkWith(node, pod.ip)?.text ?? 'its block'} on ${node.name}. BIRD announces the whole block, so it also writes a route that throws away what is for addresses of it that no pod has.`,
});

function others(node: ClusterNode, pod: ClusterPod, mode: CalicoMode): Afterwards {
  const what = ipsOf(pod)
    .map((ip) => (podNetworkWith(node, ip) ?? hostNet(ip)).text)
    .join(' and ');
  if (mode.overlay === 'vxlan') {
    return {
      by: 'felix',
      where: 'other nodes',
      how: `Felix on the other nodes watches the blocks in the API server: ${what} is behind ${node.name}, through its tunnel device. A further pod in a known block tells them nothing new.`,
    };
  }
  return {
    by: 'bird',
    where: 'other nodes',
    how: `BIRD announces ${what} to every other node by BGP (the node-to-node mesh). A further pod in a block that is already announced needs no message.`,
  };
}
