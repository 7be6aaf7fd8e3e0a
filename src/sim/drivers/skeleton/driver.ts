/**
 * A CNI to copy: a bridge on every node, and a route to every other node by a daemon of its own. Change what differs in the real one,
 * and take away what it does not do.
 */
import { type Cluster, type ClusterNode, type ClusterPod, podNs } from '../../kube/cluster.ts';
import type { CniDriver, CniOptions, NodePlan, PodAdd } from '../contract.ts';
import { type BridgeConfig, bridgeCalls, bridgeNode, bridgePod } from '../parts/bridge-plugin.ts';
import { nodeRoutes } from '../parts/static-routes.ts';
import * as facts from './facts.ts';

const DAEMON = 'skeletond';

export const SKELETON: CniDriver = {
  id: 'skeleton',
  label: 'Skeleton',
  about: 'One sentence for the picker: how it wires a node, and what it does not do.',
  modes: [{ id: 'routes', label: 'routes', about: 'One sentence on this mode.' }],
  evidence: 'modelled',
  factsFrom: 'the version that the facts are from',
  profile: { policy: null, encryption: null, state: 'maintained', stateNote: 'since when, and for whom' },
  enforcesPolicies: () => ({ by: null, why: 'the skeleton does not enforce NetworkPolicy' }),
  overlay: () => null,
  defaultOf: () => null,
  hostPorts: () => 'nobody',
  refuses: () => null,
  plan: planSkeleton,
  agent: () => ({ label: DAEMON, signs: [DAEMON] }),
  add: addSkeleton,
};

const configOf = (cluster: Cluster, options: CniOptions): BridgeConfig => ({
  bridge: facts.BRIDGE,
  mtuBytes: options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes,
  hairpin: options.hairpin ?? true,
  routes: [],
});

function planSkeleton(cluster: Cluster, node: ClusterNode, _mode: string, options: CniOptions): NodePlan {
  const config = configOf(cluster, options);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  return {
    node: {
      ...bridgeNode(node, pods, config),
      routes: nodeRoutes(cluster, node, DAEMON),
      sysctl: { 'ipv4.ip_forward': 1, 'bridge.bridge-nf-call-iptables': 1 },
    },
    pods: new Map(pods.map((pod) => [podNs(pod), bridgePod(node, pod, config)])),
  };
}

function addSkeleton(cluster: Cluster, node: ClusterNode, pod: ClusterPod, _mode: string, options: CniOptions): PodAdd {
  const ipam = { type: 'host-local', ranges: [[{ subnet: node.podCIDR.text }]] };
  const plugin = { type: 'bridge', isDefaultGateway: true, hairpinMode: true, ipam };
  const head = { cniVersion: facts.CNI_VERSION, name: facts.NETWORK };
  return {
    conf: { path: `/etc/cni/net.d/10-${facts.NETWORK}.conflist`, json: { ...head, plugins: [plugin] } },
    calls: bridgeCalls(node, pod, configOf(cluster, options), { ...head, ...plugin }, 'containerd'),
    afterwards: [{ by: DAEMON, where: 'other nodes', how: 'One or two sentences: how they come to know the pod.' }],
  };
}
