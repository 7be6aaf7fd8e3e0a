import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { CniOptions, PodAdd } from '../../contract.ts';
import { bridgeCalls } from '../../parts/bridge-plugin.ts';
import { type PluginInput, portmapCall } from '../../parts/plugin-calls.ts';
import { bridgeConfig } from './config.ts';
import * as facts from './facts.ts';

const CNI_VERSION = '1.0.0';

/** The runtime calls `bridge` itself, with what the administrator wrote. */
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
    ipMasq: mode === 'masq-on',
    ipam: { type: 'host-local', ranges: [[{ subnet: node.podCIDR.text }]] },
  } as const;
  const input: PluginInput = { cniVersion: CNI_VERSION, name: facts.NETWORK, ...plugin };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } } as const;
  const calls = bridgeCalls(node, pod, config, input, 'containerd');
  const portmapInput = { cniVersion: CNI_VERSION, name: facts.NETWORK, ...portmap };
  return {
    conf: {
      path: '/etc/cni/net.d/10-bridge.conflist',
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
