import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import type { CniDriver, CniOptions, NodePlan } from '../../contract.ts';
import { forwardingOn } from '../../parts/family-words.ts';
import { ipMasqRules } from '../../parts/ip-masq.ts';
import { ipMasqOf, LONE_PLUGIN } from '../../parts/lone-plugin.ts';
import { perFamily } from '../../parts/per-family.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { PTP as PLUGIN, ptpNode, ptpPod, ptpPortmap } from '../../parts/ptp-plugin.ts';
import { nodeRoutes } from '../../parts/static-routes.ts';
import { addPtp } from './add.ts';
import * as facts from './facts.ts';

const planPtp: CniDriver['plan'] = (cluster, node, mode, options) =>
  perFamily(cluster, node, (seen, own) => planOne(seen, own, mode, options));

export const PTP: CniDriver = {
  id: 'ptp',
  label: 'Plain ptp',
  about:
    'The reference plugin alone: a cable from each pod to its node, no bridge, and static routes by the administrator. No NetworkPolicy.',
  ...LONE_PLUGIN,
  plan: planPtp,
  add: addPtp,
};

function planOne(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  const mtuBytes = options.podMtuBytes ?? facts.POD_MTU_BYTES;
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const wiring = ptpNode(node, pods, mtuBytes);
  const hostPorts = portmapFragment(pods, ptpPortmap(node, facts.NETWORK));
  const masquerade = ipMasqOf(mode) ? pods : [];
  return {
    node: {
      ...wiring,
      routes: [...nodeRoutes(cluster, node, 'administrator'), ...(wiring.routes ?? [])],
      // kubeadm refuses a node that does not forward; the plugin writes it again.
      sysctl: { ...forwardingOn(node.podCIDR), ...hostPorts.sysctl },
      iptables: [
        ...masquerade.flatMap((pod) => ipMasqRules(PLUGIN, facts.NETWORK, pod, node.podCIDR)),
        ...(hostPorts.iptables ?? []),
      ],
    },
    pods: new Map(pods.map((pod) => [podNs(pod), ptpPod(node, pod, mtuBytes)])),
  };
}
