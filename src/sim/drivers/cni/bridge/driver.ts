import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import type { CniDriver, CniOptions, NodePlan } from '../../contract.ts';
import { bridgeNode, bridgePod, bridgePortmap } from '../../parts/bridge-plugin.ts';
import { bridgeCallsOn, forwardingOn } from '../../parts/family-words.ts';
import { ipMasqRules } from '../../parts/ip-masq.ts';
import { ipMasqOf, LONE_PLUGIN } from '../../parts/lone-plugin.ts';
import { perFamily } from '../../parts/per-family.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { nodeRoutes } from '../../parts/static-routes.ts';
import { addBridge } from './add.ts';
import { bridgeConfig } from './config.ts';
import * as facts from './facts.ts';

const planBridge: CniDriver['plan'] = (cluster, node, mode, options) =>
  perFamily(cluster, node, (seen, own) => planOne(seen, own, mode, options));

export const BRIDGE: CniDriver = {
  id: 'bridge',
  label: 'Plain bridge',
  about:
    'The reference plugin alone: a bridge on every node, and static routes between nodes by the administrator. No NetworkPolicy.',
  ...LONE_PLUGIN,
  plan: planBridge,
  add: addBridge,
};

function planOne(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  const config = bridgeConfig(options);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const hostPorts = portmapFragment(pods, bridgePortmap(node, facts.NETWORK, facts.BRIDGE));
  const masquerade = ipMasqOf(mode) ? pods : [];
  return {
    node: {
      ...bridgeNode(node, pods, config),
      routes: nodeRoutes(cluster, node, 'administrator'),
      // kubeadm refuses a node without these two; the plugin sets the first one again.
      sysctl: { ...forwardingOn(node.podCIDR), ...bridgeCallsOn(node.podCIDR), ...hostPorts.sysctl },
      iptables: [
        ...masquerade.flatMap((pod) => ipMasqRules(facts.PLUGIN, facts.NETWORK, pod, node.podCIDR)),
        ...(hostPorts.iptables ?? []),
      ],
    },
    pods: new Map(pods.map((pod) => [podNs(pod), bridgePod(node, pod, config)])),
  };
}
