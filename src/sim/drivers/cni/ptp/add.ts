import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { PodAdd } from '../../contract.ts';
import { portmapCall, ptpCalls } from '../../parts/plugin-calls.ts';
import { hostVeth } from '../../parts/ptp-plugin.ts';
import * as facts from './facts.ts';

const CNI_VERSION = '1.0.0';
const DEFAULT = '0.0.0.0/0';

/** The runtime calls `ptp` itself, with what the administrator wrote. */
export function addPtp(_cluster: Cluster, node: ClusterNode, pod: ClusterPod, mode: string): PodAdd {
  const plugin = {
    type: 'ptp',
    ipMasq: mode === 'masq-on',
    ipam: { type: 'host-local', ranges: [[{ subnet: node.podCIDR.text }]], routes: [{ dst: DEFAULT }] },
  };
  const input = { cniVersion: CNI_VERSION, name: facts.NETWORK, ...plugin };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } } as const;
  const calls = ptpCalls(node, pod, hostVeth(pod), input, [DEFAULT]);
  const portmapInput = { cniVersion: CNI_VERSION, name: facts.NETWORK, ...portmap };
  return {
    conf: {
      path: '/etc/cni/net.d/10-ptp.conflist',
      json: { cniVersion: CNI_VERSION, name: facts.NETWORK, plugins: [plugin, portmap] },
    },
    calls: [...calls, portmapCall(pod, portmapInput, calls[0]?.stdout ?? null)],
    afterwards: [
      {
        by: 'administrator',
        where: 'other nodes',
        how: `Nobody tells the other nodes anything: the administrator gave each of them a route to ${node.podCIDR.text} when ${node.name} was set up.`,
      },
    ],
  };
}
