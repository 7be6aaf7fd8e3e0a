import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { CniOptions, PodAdd } from '../../contract.ts';
import { bridgeCalls } from '../../parts/bridge-plugin.ts';
import { ipMasqOf, loneAdd } from '../../parts/lone-plugin.ts';
import { rangesJson } from '../../parts/plugin-calls.ts';
import { bridgeConfig } from './config.ts';
import * as facts from './facts.ts';

export function addBridge(
  _cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  mode: string,
  options: CniOptions,
): PodAdd {
  const config = bridgeConfig(options);
  const plugin = {
    type: 'bridge',
    isDefaultGateway: true,
    hairpinMode: config.hairpin,
    ipMasq: ipMasqOf(mode),
    ipam: { type: 'host-local', ranges: rangesJson(node) },
  };
  return loneAdd(node, pod, {
    network: facts.NETWORK,
    plugin,
    calls: (input) => bridgeCalls(node, pod, config, input, 'containerd'),
  });
}
