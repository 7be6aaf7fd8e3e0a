import { assert } from '../../../base/assert.ts';
import { once } from '../../../base/once.ts';
import { type Cluster, type ClusterNode, type ClusterPod, podNetworks, podNs } from '../../../kube/cluster.ts';
import type { IpSet } from '../../../linux/config.ts';
import type { CniDriver, CniOptions, NodePlan } from '../../contract.ts';
import { ipv4Only } from '../../parts/ipv4-only.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { addWeave, NETWORK, WEAVER_DOWN } from './add.ts';
import * as facts from './facts.ts';
import { weaveIpam } from './ipam.ts';
import { npcFragment } from './npc.ts';
import { NPC, NPC_ENFORCES } from './npc-policy.ts';
import { weaveRules } from './rules.ts';
import { weaveNode, weavePod } from './wiring.ts';

const WITH_NPC = 'fastdp-npc';
const WITHOUT_NPC = 'fastdp';

export const WEAVE: CniDriver = {
  id: 'weave',
  label: 'Weave Net (archived)',
  about:
    'One Ethernet for all pods of the cluster: a bridge and an Open vSwitch datapath on every node. Archived in June 2024, after its company closed.',
  modes: [
    {
      id: WITH_NPC,
      label: 'Weave Net (archived)',
      about:
        'Fast datapath: frames with the MAC addresses of the pods travel in VXLAN, UDP port 6784, and nobody lowers the TTL. weave-npc enforces NetworkPolicy.',
    },
    {
      id: WITHOUT_NPC,
      label: 'Without weave-npc',
      about: 'The same without the policy controller (EXPECT_NPC=0): everything to and from pods is let through.',
      variantOf: WITH_NPC,
    },
  ],
  evidence: 'modelled',
  factsFrom: 'v2.8.1 (2021-01; the fork rajch/weave goes on)',
  profile: {
    policy: 'weave-npc',
    encryption: 'IPsec in the fast datapath, NaCl in the slow one',
    state: 'archived',
    stateNote: 'its repository since June 2024, after the company closed',
  },
  enforcesPolicies: (mode) =>
    mode === WITH_NPC ? NPC_ENFORCES : { by: null, why: 'Weave Net without weave-npc does not enforce NetworkPolicy' },
  overlay: () => 'VXLAN of Open vSwitch',
  defaultOf: () => null,
  ipam: () => weaveIpam,
  hostPorts: () => 'portmap',
  refusesFamilies: ipv4Only(
    'Weave Net never learned IPv6: weaver gives out and routes IPv4 addresses only, and the project is archived.',
  ),
  refuses: () => null,
  plan: planWeave,
  add: addWeave,
  agent: () => ({ label: 'weaver', signs: ['weaver', NPC], addError: WEAVER_DOWN }),
};

function planWeave(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === WITH_NPC || mode === WITHOUT_NPC, `Weave Net has a mode "${mode}"`);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const mtuBytes = options.podMtuBytes ?? facts.MTU_BYTES;
  const wiring = weaveNode(cluster, node, pods, { mtuBytes, hairpin: options.hairpin ?? true });
  const hostPorts = portmapFragment(pods, {
    network: NETWORK,
    // The plugin returns the prefix of the whole range: all pods are on one Ethernet.
    podNet: () => cluster.podCIDR,
    hostDevice: () => facts.BRIDGE,
  });
  const isPoliced = mode === WITH_NPC;
  const npc = once(() => (isPoliced ? npcFragment(cluster) : { iptables: [], ipsets: [] }));
  return {
    node: {
      ...wiring,
      // kubeadm refuses a node that does not forward; launch.sh writes the other one.
      sysctl: { 'ipv4.ip_forward': 1, 'bridge.bridge-nf-call-iptables': 1, ...hostPorts.sysctl },
      get ipsets() {
        return [ownRanges(node), ...npc().ipsets];
      },
      get iptables() {
        return [...weaveRules(cluster.podCIDR, isPoliced), ...npc().iptables, ...(hostPorts.iptables ?? [])];
      },
    },
    pods: new Map(pods.map((pod: ClusterPod) => [podNs(pod), weavePod(cluster, node, pod, mtuBytes)])),
  };
}

/** net/bridge.go `NoMasqLocalTracker`. */
function ownRanges(node: ClusterNode): IpSet {
  return {
    name: facts.NO_MASQ_SET,
    type: 'hash:net',
    family: 4,
    members: podNetworks(node).map(({ text }) => text),
    origin: { by: 'weaver', for: `Node ${node.name}`, why: "this peer's share of the range: its own pods are in it" },
  };
}
