import { assert } from '../../../base/assert.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import type { CniDriver, CniOptions, NodePlan } from '../../contract.ts';
import { bridgeNode, bridgePod, bridgePortmap } from '../../parts/bridge-plugin.ts';
import { ipMasqRules } from '../../parts/ip-masq.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { nodeRoutes } from '../../parts/static-routes.ts';
import { addBridge } from './add.ts';
import { bridgeConfig } from './config.ts';
import * as facts from './facts.ts';

export const BRIDGE: CniDriver = {
  id: 'bridge',
  label: 'Plain bridge',
  about:
    'The reference plugin alone: a bridge on every node, and static routes between nodes by the administrator. No NetworkPolicy.',
  modes: [
    {
      id: 'masq-off',
      label: 'ipMasq off',
      about: 'Pods keep their address everywhere, even towards the Internet, from where no answer finds back.',
    },
    {
      id: 'masq-on',
      label: 'ipMasq on',
      about: "The trap: pods get their node's address also towards pods of other nodes, which Kubernetes forbids.",
    },
  ],
  evidence: 'kernel-verified',
  factsFrom: 'CNI plugins v1.9.1',
  profile: {
    policy: null,
    encryption: null,
    state: 'maintained',
    stateNote: 'a building block that other CNIs call',
  },
  overlay: () => null,
  defaultOf: () => null,
  hostPorts: () => 'portmap',
  // Across subnets, too: the kernel refuses the routes, as it would the administrator's.
  refuses: () => null,
  plan: planBridge,
  add: addBridge,
};

function planBridge(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === 'masq-off' || mode === 'masq-on', `the plain bridge has a mode "${mode}"`);
  const config = bridgeConfig(options);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const hostPorts = portmapFragment(pods, bridgePortmap(node, facts.NETWORK, facts.BRIDGE));
  const masquerade = mode === 'masq-on' ? pods : [];
  return {
    node: {
      ...bridgeNode(node, pods, config),
      routes: nodeRoutes(cluster, node, 'administrator'),
      // kubeadm refuses a node without these two; the plugin sets the first one again.
      sysctl: { 'ipv4.ip_forward': 1, 'bridge.bridge-nf-call-iptables': 1, ...hostPorts.sysctl },
      iptables: [
        ...masquerade.flatMap((pod) => ipMasqRules(facts.PLUGIN, facts.NETWORK, pod, node.podCIDR)),
        ...(hostPorts.iptables ?? []),
      ],
    },
    pods: new Map(pods.map((pod) => [podNs(pod), bridgePod(node, pod, config)])),
  };
}
