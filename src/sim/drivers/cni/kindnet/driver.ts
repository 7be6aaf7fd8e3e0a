import { assert } from '../../../base/assert.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import type { CniDriver, CniOptions, NodePlan, Written } from '../../contract.ts';
import { ptpNode, ptpPod } from '../../parts/ptp-plugin.ts';
import { nodeRoutes, refuseFarNodes } from '../../parts/static-routes.ts';
import { addKindnet } from './add.ts';
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
  refuses: (cluster) => refuseFarNodes(cluster, "kindnetd's routes"),
  plan: planKindnet,
  add: addKindnet,
  agent: () => ({ label: 'kindnetd', signs: [KINDNETD] }),
  writesAgain,
};

/** masq.go `SyncRulesForever` looks every 60 seconds and appends what is missing. */
function writesAgain(_mode: string, written: Written): string | null {
  const isOwn = written.kind === 'iptables' && written.line.includes(MASQ_CHAIN);
  return isOwn ? 'kindnetd looks every 60 seconds and writes it again.' : null;
}

function planKindnet(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === MODE, `kindnet has a mode "${mode}"`);
  // main.go `computeBridgeMTU`: that of the node's eth0.
  const mtuBytes = options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes;
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const wiring = ptpNode(node, pods, mtuBytes);
  return {
    node: {
      ...wiring,
      routes: [...nodeRoutes(cluster, node, KINDNETD), ...(wiring.routes ?? [])],
      // kubeadm refuses a node that does not forward; the plugin writes it again.
      sysctl: { 'ipv4.ip_forward': 1 },
      iptables: masqAgentRules(cluster.podCIDR, node),
    },
    pods: new Map(pods.map((pod) => [podNs(pod), ptpPod(node, pod, mtuBytes)])),
  };
}
