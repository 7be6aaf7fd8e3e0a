import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { PodAdd } from '../../contract.ts';
import { ipMasqOf, loneAdd } from '../../parts/lone-plugin.ts';
import { defaultRoutes, ptpCalls, rangesJson } from '../../parts/plugin-calls.ts';
import { hostVeth } from '../../parts/ptp-plugin.ts';
import * as facts from './facts.ts';

export function addPtp(_cluster: Cluster, node: ClusterNode, pod: ClusterPod, mode: string): PodAdd {
  const routes = defaultRoutes(node);
  const plugin = {
    type: 'ptp',
    ipMasq: ipMasqOf(mode),
    ipam: { type: 'host-local', ranges: rangesJson(node), routes: routes.map((dst) => ({ dst })) },
  };
  return loneAdd(node, pod, {
    network: facts.NETWORK,
    plugin,
    calls: (input) => ptpCalls(node, pod, hostVeth(pod), input, routes),
  });
}
