/** CNI ADD with Canal: the `calico` plugin, with addresses from the node's podCIDR (manifests/canal.yaml, v3.31.7). */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { CniOptions, Json, PodAdd } from '../../contract.ts';
import { calicoCall, calicoConf, felixHere } from '../../parts/calico-calls.ts';
import { calicoResult } from '../../parts/calico-plugin.ts';
import { hostLocalCall, portmapCall } from '../../parts/plugin-calls.ts';

const CNI_VERSION = '1.0.0';
const NAME = 'k8s-pod-network';

export function addCanal(
  cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  _mode: string,
  options: CniOptions,
): PodAdd {
  const mtu = options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes;
  const conf = calicoConf(node, mtu, { type: 'host-local', subnet: 'usePodCidr' });
  const portmap = { type: 'portmap', snat: true, capabilities: { portMappings: true } } as const;
  const input = { cniVersion: CNI_VERSION, name: NAME, ...conf };
  const result: Json = { cniVersion: CNI_VERSION, ...calicoResult(pod) };
  // The plugin looks the node's podCIDR up before it runs host-local.
  const asked = { ...input, ipam: { type: 'host-local', subnet: node.podCIDR.text } };
  return {
    conf: {
      path: '/etc/cni/net.d/10-canal.conflist',
      json: { name: NAME, cniVersion: CNI_VERSION, plugins: [conf, portmap] },
    },
    calls: [
      calicoCall(pod, input, result),
      hostLocalCall(node, pod, asked, 'calico', []),
      portmapCall(pod, { cniVersion: CNI_VERSION, name: NAME, ...portmap }, result),
    ],
    afterwards: [
      felixHere(pod),
      {
        by: 'flanneld',
        where: 'other nodes',
        how: `Nothing is sent: since ${node.name} joined, they know from its Node object that all of ${node.podCIDR.text} is behind its tunnel device.`,
      },
    ],
  };
}
