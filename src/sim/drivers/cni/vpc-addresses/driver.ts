import { assert } from '../../../base/assert.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import { shareSubnet } from '../../../kube/subnets.ts';
import type { CniDriver, CniOptions, NodePlan } from '../../contract.ts';
import { ipv4Only } from '../../parts/ipv4-only.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { hostNet } from '../../parts/rules.ts';
import { addVpc, IPAMD_DOWN } from './add.ts';
import { cardAddresses } from './fabric.ts';
import * as facts from './facts.ts';
import { vpcIpam } from './ipam.ts';
import { snatRules } from './masquerade.ts';
import { mtuOf } from './mtu.ts';
import { hostVeth, vpcNode, vpcPod } from './wiring.ts';

const MODE = 'secondary-ips';

export const VPC_ADDRESSES: CniDriver = {
  id: 'vpc-addresses',
  label: 'AWS VPC CNI',
  about:
    "Pods have addresses of the cloud's own network, as its machines do: no pod network, no tunnel, no route to other nodes' pods.",
  modes: [
    {
      id: MODE,
      label: 'VPC addresses (AWS VPC CNI)',
      about: "Each pod gets a secondary address of its node's network card (ENI), from the subnet of the node.",
    },
  ],
  evidence: 'modelled',
  factsFrom: 'amazon-vpc-cni-k8s v1.23.0',
  profile: {
    policy: 'aws-eks-nodeagent, off by default',
    encryption: null,
    state: 'maintained',
    stateNote: 'the CNI of Amazon EKS',
  },
  enforcesPolicies: () => ({
    by: null,
    why: 'aws-eks-nodeagent enforces NetworkPolicy only where somebody switches it on',
  }),
  overlay: () => null,
  defaultOf: () => 'Amazon EKS',
  ipam: () => vpcIpam,
  hostPorts: () => 'portmap',
  refusesFamilies: ipv4Only(
    'The AWS VPC CNI has no dual stack: a cluster is of IPv4, or of IPv6 with a /80 of the subnet on each node, and that second kind is not modelled.',
  ),
  refuses: refuseRouter,
  fabric: cardAddresses,
  plan: planVpc,
  add: addVpc,
  agent: () => ({ label: 'aws-node', signs: [facts.IPAMD], addError: IPAMD_DOWN }),
};

/** Between the subnets of a VPC there is no machine that routes: the fabric does it itself. */
function refuseRouter(cluster: Cluster): string | null {
  const [first] = cluster.nodes;
  const far = first && cluster.nodes.find((node) => !shareSubnet(cluster, first, node));
  if (!far) return null;
  return `In a VPC the network itself is the router between subnets, and here another one stands between ${first.name} (${first.ip}) and ${far.name} (${far.ip}). Put all nodes into one subnet.`;
}

function planVpc(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  assert(mode === MODE, `VPC addresses have a mode "${mode}"`);
  const mtuBytes = mtuOf(cluster, options);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const hostPorts = portmapFragment(pods, {
    network: facts.NETWORK,
    podNet: (pod) => hostNet(pod.ip),
    hostDevice: hostVeth,
  });
  return {
    node: {
      ...vpcNode(pods, mtuBytes),
      // kubeadm refuses a node that does not forward; the other is of the init container (cmd/aws-vpc-cni-init/main.go).
      sysctl: { 'ipv4.ip_forward': 1, [`ipv4.conf.${facts.ENI}.rp_filter`]: 2, ...hostPorts.sysctl },
      iptables: [...snatRules(cluster, node), ...(hostPorts.iptables ?? [])],
    },
    pods: new Map(pods.map((pod) => [podNs(pod), vpcPod(node, pod, mtuBytes)])),
  };
}
