import { assert } from '../../../base/assert.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import { shareSubnet } from '../../../kube/subnets.ts';
import type { CniDriver, CniOptions, NodePlan } from '../../contract.ts';
import { ipv4Only } from '../../parts/ipv4-only.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { ptpNode, ptpPod, ptpPortmap } from '../../parts/ptp-plugin.ts';
import { addCloudRoutes, NETWORK } from './add.ts';
import { masqueradeRules } from './masquerade.ts';
import { routeTable } from './route-table.ts';

const MODE = 'routes';
/** Without `mtu` the plugin leaves the kernel's default. */
const POD_MTU_BYTES = 1500;

export const CLOUD_ROUTES: CniDriver = {
  id: 'cloud-routes',
  label: 'Cloud routes',
  about:
    "A cable from each pod to its node, and between nodes the cloud's own route table: the network knows where pods are, the nodes do not.",
  modes: [
    {
      id: MODE,
      label: 'Cloud routes (VPC)',
      about:
        "The cloud's route controller writes a route for each node's podCIDR into the table of the VPC: no tunnel, no route on any node.",
    },
  ],
  evidence: 'modelled',
  factsFrom: 'kOps v1.34 (kubenet networking), cloud-provider v1.34, CNI plugins v1.9.1',
  profile: {
    policy: null,
    encryption: null,
    state: 'maintained',
    stateNote: 'kubenet, for which it was made, was removed in Kubernetes 1.24',
  },
  enforcesPolicies: () => ({ by: null, why: 'nobody enforces NetworkPolicy on a cluster with plain cloud routes' }),
  overlay: () => null,
  defaultOf: () => null,
  hostPorts: () => 'portmap',
  // kOps, pkg/apis/kops/validation/validation.go.
  refusesFamilies: ipv4Only('The facts here are those of kOps, which answers: Kubenet does not support IPv6.'),
  refuses: refuseRouter,
  fabric: routeTable,
  plan: planCloudRoutes,
  add: addCloudRoutes,
};

/** Between the subnets of a VPC there is no machine that routes: the fabric does it itself. */
function refuseRouter(cluster: Cluster): string | null {
  const [first] = cluster.nodes;
  const far = first && cluster.nodes.find((node) => !shareSubnet(cluster, first, node));
  if (!far) return null;
  return `In a cloud the network itself is the router between subnets, and here another one stands between ${first.name} (${first.ip}) and ${far.name} (${far.ip}). Put all nodes into one subnet.`;
}

function planCloudRoutes(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === MODE, `cloud routes have a mode "${mode}"`);
  const mtuBytes = options.podMtuBytes ?? POD_MTU_BYTES;
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const hostPorts = portmapFragment(pods, ptpPortmap(node, NETWORK));
  return {
    node: {
      ...ptpNode(node, pods, mtuBytes),
      // kubeadm refuses a node that does not forward; the plugin writes it again.
      sysctl: { 'ipv4.ip_forward': 1, ...hostPorts.sysctl },
      iptables: [...masqueradeRules(cluster.podCIDR, node), ...(hostPorts.iptables ?? [])],
    },
    pods: new Map(pods.map((pod) => [podNs(pod), ptpPod(node, pod, mtuBytes)])),
  };
}
