import { assert } from '../../../base/assert.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import { shareSubnet } from '../../../kube/subnets.ts';
import type { CniDriver, CniOptions, NodePlan, Written } from '../../contract.ts';
import { forwardingOn } from '../../parts/family-words.ts';
import { perFamily } from '../../parts/per-family.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { ptpNode, ptpPod, ptpPortmap } from '../../parts/ptp-plugin.ts';
import { nodeRoutes } from '../../parts/static-routes.ts';
import { addKindnet, NETWORK } from './add.ts';
import { KINDNETD, MASQ_CHAIN, masqAgentRules } from './masq-agent.ts';

const MODE = 'routes';

export const KINDNET: CniDriver = {
  id: 'kindnet',
  label: 'kindnet',
  about:
    'The CNI of kind: a cable from each pod to its node, a route to every other node, and one chain that masquerades what leaves the cluster.',
  modes: [
    {
      id: MODE,
      label: 'kindnet',
      about: 'A host route to each other node, and no masquerading from pod to pod.',
    },
  ],
  evidence: 'kernel-verified',
  factsFrom: 'kind v0.32 (kindnetd; CNI plugins v1.9.1)',
  profile: {
    policy: 'kindnetd itself, since kind v0.24',
    encryption: null,
    state: 'maintained',
    stateNote: 'made for clusters on one machine',
  },
  enforcesPolicies: () => ({ by: null, why: "kindnetd's enforcement of NetworkPolicy is not modelled" }),
  overlay: () => null,
  defaultOf: () => 'kind',
  hostPorts: () => 'portmap',
  refuses: refuseFarNodes,
  plan: planKindnet,
  add: addKindnet,
  agent: () => ({ label: 'kindnetd', signs: [KINDNETD] }),
  writesAgain,
};

/** main.go: after five refusals ("Nexthop has invalid gateway") kindnetd panics, and its pod starts over. */
function refuseFarNodes(cluster: Cluster): string | null {
  const [first] = cluster.nodes;
  const far = first && cluster.nodes.find((node) => !shareSubnet(cluster, first, node));
  if (!far) return null;
  return `kindnetd needs all nodes on one Ethernet segment, and ${first.name} (${first.ip}) reaches ${far.name} (${far.ip}) only through a router: the kernel refuses such a route, and kindnetd gives up. Use a CNI with an overlay, or put all nodes into one subnet.`;
}

/** masq.go `SyncRulesForever` looks every 60 seconds and appends what is missing. */
function writesAgain(_mode: string, written: Written): string | null {
  const isOwn = written.kind === 'iptables' && written.line.includes(MASQ_CHAIN);
  return isOwn ? 'kindnetd looks every 60 seconds and writes it again.' : null;
}

function planKindnet(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === MODE, `kindnet has a mode "${mode}"`);
  return perFamily(cluster, node, (seen, own) => planOne(seen, own, options));
}

/** main.go: one masquerading agent and one list of routes for each family. */
function planOne(cluster: Cluster, node: ClusterNode, options: CniOptions): NodePlan {
  // main.go `computeBridgeMTU`: that of the node's eth0.
  const mtuBytes = options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes;
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const wiring = ptpNode(node, pods, mtuBytes);
  const hostPorts = portmapFragment(pods, ptpPortmap(node, NETWORK));
  return {
    node: {
      ...wiring,
      routes: [...nodeRoutes(cluster, node, KINDNETD), ...(wiring.routes ?? [])],
      // kubeadm refuses a node that does not forward; the plugin writes it again.
      sysctl: { ...forwardingOn(node.podCIDR), ...hostPorts.sysctl },
      iptables: [...masqAgentRules(cluster.podCIDR, node), ...(hostPorts.iptables ?? [])],
    },
    pods: new Map(pods.map((pod) => [podNs(pod), ptpPod(node, pod, mtuBytes)])),
  };
}
