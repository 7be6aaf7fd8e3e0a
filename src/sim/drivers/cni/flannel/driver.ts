import { assert } from '../../../base/assert.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import type { Route } from '../../../linux/config.ts';
import { cidrHas } from '../../../wire/ip.ts';
import type { CniDriver, CniOptions, Fragment, NodePlan } from '../../contract.ts';
import { bridgeNode, bridgePod } from '../../parts/bridge-plugin.ts';
import * as facts from '../../parts/flanneld/facts.ts';
import { flanneldWritesAgain, flannelRules } from '../../parts/flanneld/rules.ts';
import { vxlanFragment } from '../../parts/flanneld/vxlan.ts';
import { addFlannel } from './add.ts';
import { bridgeConfig } from './config.ts';

export const FLANNEL: CniDriver = {
  id: 'flannel',
  label: 'Flannel',
  about: 'A bridge on every node and, between nodes, either a VXLAN tunnel or plain routes. No NetworkPolicy.',
  modes: [
    { id: 'vxlan', label: 'VXLAN', about: 'Packets between nodes travel inside UDP packets of the nodes, port 8472.' },
    {
      id: 'host-gw',
      label: 'host-gw',
      about: 'Each node is the next hop for its pods: no tunnel, but all nodes must share one Ethernet segment.',
    },
  ],
  evidence: 'kernel-verified',
  factsFrom: 'v0.26 (CNI plugin v1.6.0-flannel1, bridge plugin v1.6)',
  refuses: (cluster, mode) => (mode === 'host-gw' ? refuseHostGw(cluster) : null),
  plan: planFlannel,
  add: addFlannel,
  writesAgain: (_mode, written) => flanneldWritesAgain(written),
};

/** pkg/backend/hostgw: a route via a node that is not on the segment would be refused by the kernel. */
function refuseHostGw(cluster: Cluster): string | null {
  const { cidr } = cluster.nodeNetwork;
  const far = cluster.nodes.find((node) => !cidrHas(cidr, node.ip));
  if (!far) return null;
  return `host-gw needs all nodes on one Ethernet segment, and ${far.name} (${far.ip}) is not in ${cidr.text}. Use VXLAN.`;
}

function planFlannel(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === 'vxlan' || mode === 'host-gw', `Flannel has a mode "${mode}"`);
  const config = bridgeConfig(cluster, mode, options);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const bridge = bridgeNode(node, pods, config);
  const peers = cluster.nodes.filter((peer) => peer !== node);
  const between = mode === 'vxlan' ? vxlanFragment(cluster, node, peers, options) : hostGwFragment(peers);
  return {
    node: {
      devices: [...(between.devices ?? []), ...(bridge.devices ?? [])],
      addresses: [...(between.addresses ?? []), ...(bridge.addresses ?? [])],
      routes: between.routes ?? [],
      neighbours: between.neighbours ?? [],
      fdb: between.fdb ?? [],
      // kubeadm refuses a node without these two; the bridge plugin sets the first one again.
      sysctl: { 'ipv4.ip_forward': 1, 'bridge.bridge-nf-call-iptables': 1 },
      iptables: flannelRules(cluster.podCIDR, node, options),
    },
    pods: new Map(pods.map((pod) => [podNs(pod), bridgePod(node, pod, config)])),
  };
}

/** `10.244.2.0/24 via 192.168.56.12 dev eth0` for each other node. */
function hostGwFragment(peers: readonly ClusterNode[]): Fragment {
  const routes = peers.map((peer): Route => {
    const origin = { by: 'flanneld', for: `Node ${peer.name}`, why: `the pods of ${peer.name} are behind that node` };
    const { podCIDR: dst, ip: via } = peer;
    return { dst, type: 'unicast', via, dev: facts.NODE_DEVICE, table: 'main', scope: 'global', origin };
  });
  return { routes };
}
