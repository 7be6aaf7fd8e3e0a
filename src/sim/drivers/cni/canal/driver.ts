import { assert } from '../../../base/assert.ts';
import { once } from '../../../base/once.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import type { CniDriver, CniOptions, NodePlan } from '../../contract.ts';
import { CALICO_PORTMAP, calicoNode, calicoPod, hostVeth } from '../../parts/calico-plugin.ts';
import type { FelixConfig } from '../../parts/felix/config.ts';
import { FELIX_ENFORCES, felixIpsets, felixRules } from '../../parts/felix/felix.ts';
import { flanneldWritesAgain, flannelRules } from '../../parts/flanneld/rules.ts';
import { vxlanFragment } from '../../parts/flanneld/vxlan.ts';
import { ipv4Only } from '../../parts/ipv4-only.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { addCanal } from './add.ts';

const MODE = 'vxlan';

export const CANAL: CniDriver = {
  id: 'canal',
  label: 'Canal',
  about: "Calico's cables and rules for the pods of a node, and Flannel's VXLAN tunnel between nodes.",
  modes: [
    {
      id: MODE,
      label: 'Canal',
      about:
        'Felix routes and checks on the node, flanneld tunnels between nodes: UDP port 8472, and no blocks of addresses.',
    },
  ],
  evidence: 'modelled',
  factsFrom: 'Calico v3.31 (manifests/canal.yaml, flannel v0.24.4)',
  profile: {
    policy: 'Felix',
    encryption: null,
    state: 'maintained',
    stateNote: "a manifest of Calico's, canal.yaml",
  },
  enforcesPolicies: () => FELIX_ENFORCES,
  overlay: () => 'VXLAN',
  defaultOf: () => null,
  hostPorts: () => 'portmap',
  refusesFamilies: ipv4Only(
    'canal.yaml (v3.31) switches IPv6 off on both sides: FELIX_IPV6SUPPORT is false, and net-conf.json has no EnableIPv6.',
  ),
  refuses: () => null,
  plan: planCanal,
  add: addCanal,
  agent: () => ({ label: 'canal', signs: ['felix', 'flanneld'] }),
  writesAgain: (_mode, written) => flanneldWritesAgain(written),
};

function planCanal(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === MODE, `Canal has a mode "${mode}"`);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const peers = cluster.nodes.filter((peer) => peer !== node);
  // `veth_mtu: "0"`: Felix takes the node's own, because it knows of no tunnel (`determinePodMTU`, felix/dataplane/linux/int_dataplane.go).
  const mtuBytes = options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes;
  const tunnel = vxlanFragment(cluster, node, peers, options);
  const wiring = calicoNode(pods, mtuBytes);
  const felix = { ...felixConfig(cluster, node, peers), besideIpvs: options.besideIpvs ?? false };
  // flanneld writes as soon as it starts; Felix waits until it has read everything.
  const hostPorts = portmapFragment(pods, CALICO_PORTMAP);
  const rules = once(() => [
    ...flannelRules(cluster.podCIDR, node, options),
    ...felixRules(cluster, pods, hostVeth, felix),
    ...(hostPorts.iptables ?? []),
  ]);
  return {
    node: {
      devices: [...(tunnel.devices ?? []), ...(wiring.devices ?? [])],
      addresses: tunnel.addresses ?? [],
      routes: [...(tunnel.routes ?? []), ...(wiring.routes ?? [])],
      neighbours: tunnel.neighbours ?? [],
      fdb: tunnel.fdb ?? [],
      // kubeadm refuses a node that does not forward; Felix writes it again.
      sysctl: { 'ipv4.ip_forward': 1, ...wiring.sysctl, ...hostPorts.sysctl },
      // A node's rules are written when somebody looks: its pods are often visited without them.
      get iptables() {
        return rules();
      },
      ipsets: felixIpsets(cluster, node, pods, felix),
    },
    pods: new Map(pods.map((pod) => [podNs(pod), calicoPod(node, pod, mtuBytes, 'host-local (CNI plugin)')])),
  };
}

/**
 * Nobody assigns addresses from it, but calico-node makes the default pool of kubeadm's `podSubnet` all the same, with `natOutgoing` on
 * (node/pkg/lifecycle/startup/startup.go `configureIPPools`, v3.31.7).
 */
function felixConfig(
  cluster: Cluster,
  node: ClusterNode,
  peers: readonly ClusterNode[],
): Omit<FelixConfig, 'besideIpvs'> {
  return {
    pools: [cluster.podCIDR],
    masqPools: [cluster.podCIDR],
    hostIp: node.ip,
    peers: peers.map(({ ip }) => ip),
    ipip: { on: false },
    vxlan: { on: false },
  };
}
