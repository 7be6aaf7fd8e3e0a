import { assert } from '../../../base/assert.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import { shareSubnet } from '../../../kube/subnets.ts';
import type { Route } from '../../../linux/config.ts';
import type { CniDriver, CniOptions, Fragment, NodePlan } from '../../contract.ts';
import { bridgeNode, bridgePod, bridgePortmap } from '../../parts/bridge-plugin.ts';
import { bridgeCallsOn, forwardingOn } from '../../parts/family-words.ts';
import * as facts from '../../parts/flanneld/facts.ts';
import { flanneldWritesAgain, flannelRules } from '../../parts/flanneld/rules.ts';
import { vxlanFragment } from '../../parts/flanneld/vxlan.ts';
import { perFamily } from '../../parts/per-family.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { addFlannel } from './add.ts';
import { BRIDGE, bridgeConfig, NETWORK } from './config.ts';

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
    {
      id: 'vxlan-directrouting',
      label: 'VXLAN with DirectRouting',
      about: 'Plain routes to the nodes of the same subnet, as with host-gw, and the VXLAN tunnel to all others.',
      variantOf: 'vxlan',
    },
  ],
  evidence: 'kernel-verified',
  factsFrom: 'v0.26 (CNI plugin v1.6.0-flannel1, bridge plugin v1.6)',
  profile: {
    policy: null,
    encryption: 'WireGuard, as a backend of its own',
    state: 'maintained',
    stateNote: 'on purpose without policy: Canal adds it',
  },
  enforcesPolicies: () => ({ by: null, why: 'Flannel does not enforce NetworkPolicy' }),
  overlay: (mode) => (mode === 'host-gw' ? null : mode === 'vxlan' ? 'VXLAN' : 'VXLAN between subnets'),
  defaultOf: (mode) => (mode === 'vxlan' ? 'kube-flannel.yml, k3s' : null),
  hostPorts: () => 'portmap',
  // Even host-gw across subnets runs: the kernel refuses the routes, and flanneld logs it.
  refuses: () => null,
  plan: planFlannel,
  add: addFlannel,
  agent: () => ({ label: 'flanneld', signs: ['flanneld'] }),
  writesAgain: (_mode, written) => flanneldWritesAgain(written),
};

function planFlannel(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === 'vxlan' || mode === 'host-gw' || mode === 'vxlan-directrouting', `Flannel has a mode "${mode}"`);
  return perFamily(cluster, node, (seen, own) => planOne(seen, own, mode, options));
}

/** In one family: `EnableIPv4` and `EnableIPv6` of net-conf.json are two halves that do not know each other. */
function planOne(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  const config = bridgeConfig(cluster, mode, options);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const bridge = bridgeNode(node, pods, config);
  const peers = cluster.nodes.filter((peer) => peer !== node);
  const hostPorts = portmapFragment(pods, bridgePortmap(node, NETWORK, BRIDGE));
  const isDirect = (peer: ClusterNode): boolean =>
    mode === 'host-gw' || (mode === 'vxlan-directrouting' && shareSubnet(cluster, node, peer));
  const routed = peers.filter(isDirect).map(directRoute);
  const tunnelled = peers.filter((peer) => !isDirect(peer));
  const between: Fragment = mode === 'host-gw' ? {} : vxlanFragment(cluster, node, tunnelled, options);
  return {
    node: {
      devices: [...(between.devices ?? []), ...(bridge.devices ?? [])],
      addresses: [...(between.addresses ?? []), ...(bridge.addresses ?? [])],
      routes: [...routed, ...(between.routes ?? [])],
      neighbours: between.neighbours ?? [],
      fdb: between.fdb ?? [],
      // kubeadm refuses a node without these two; the bridge plugin sets the first one again.
      sysctl: { ...forwardingOn(node.podCIDR), ...bridgeCallsOn(node.podCIDR), ...hostPorts.sysctl },
      iptables: [...flannelRules(cluster.podCIDR, node, options), ...(hostPorts.iptables ?? [])],
    },
    pods: new Map(pods.map((pod) => [podNs(pod), bridgePod(node, pod, config)])),
  };
}

/** `10.244.2.0/24 via 192.168.56.12 dev eth0`. The kernel takes it only where that node is in the same subnet. */
function directRoute({ name, podCIDR: dst, ip: via }: ClusterNode): Route {
  const origin = { by: 'flanneld', for: `Node ${name}`, why: `the pods of ${name} are behind that node` };
  return { dst, type: 'unicast', via, dev: facts.NODE_DEVICE, table: 'main', scope: 'global', origin };
}
