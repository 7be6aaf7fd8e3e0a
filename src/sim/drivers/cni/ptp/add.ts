import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { PodAdd } from '../../contract.ts';
import { ipMasqOf, loneAdd } from '../../parts/lone-plugin.ts';
import { ptpCalls } from '../../parts/plugin-calls.ts';
import { hostVeth } from '../../parts/ptp-plugin.ts';
import * as facts from './facts.ts';

const DEFAULT = '0.0.0.0/0';

export function addPtp(_cluster: Cluster, node: ClusterNode, pod: ClusterPod, mode: string): PodAdd {
  const plugin = {
    type: 'ptp',
    ipMasq: ipMasqOf(mode),
    ipam: { type: 'host-local', ranges: [[{ subnet: node.podCIDR.text }]], routes: [{ dst: DEFAULT }] },
  };
  return loneAdd(node, pod, {
    network: facts.NETWORK,
    plugin,
    calls: (input) => ptpCalls(node, pod, hostVeth(pod), input, [DEFAULT]),
  });
}
