/** CNI ADD with Calico (cni-plugin/pkg/k8s/k8s.go, cni-plugin/pkg/ipamplugin, manifests/calico.yaml; v3.31.7). */
import { type Cluster, type ClusterNode, type ClusterPod, podNetworkWith } from '../../../kube/cluster.ts';
import type { Afterwards, CniOptions, Json, PluginCall, PodAdd } from '../../contract.ts';
import { calicoCall, calicoConf, felixHere } from '../../parts/calico-calls.ts';
import { calicoResult } from '../../parts/calico-plugin.ts';
import { portmapCall } from '../../parts/plugin-calls.ts';
import { BLOCK_PREFIX } from './facts.ts';
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
  const mtu = options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes - overheadOf(mode);
  const calico = calicoConf(node, mtu, { type: 'calico-ipam' });
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

function ipamCall(node: ClusterNode, pod: ClusterPod, stdin: Json): PluginCall {
  const block = podNetworkWith(node, pod.ip);
  const from = block
    ? `the next free address of ${block.text}, a block of the pool that belongs to ${node.name}`
    : `${pod.ip}, borrowed from the block of another node: no block is left in the pool`;
  return {
    plugin: 'calico-ipam',
    caller: 'calico',
    does: `It takes ${from}. The blocks are objects in the API server; the node's own podCIDR is not looked at.`,
    stdin,
    isIpam: true,
    stdout: {
      cniVersion: CNI_VERSION,
      ips: [{ address: `${pod.ip}/${block?.prefix ?? BLOCK_PREFIX}` }],
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
  const block = podNetworkWith(node, pod.ip);
  const what = block?.text ?? `${pod.ip}/32`;
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
