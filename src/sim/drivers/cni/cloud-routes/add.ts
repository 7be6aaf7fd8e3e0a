/** CNI ADD where containerd itself writes the file, from a template: nodeup/pkg/model/containerd.go `buildCNIConfigTemplateFile`, kOps v1.34. */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { PodAdd } from '../../contract.ts';
import { portmapCall, ptpCalls } from '../../parts/plugin-calls.ts';
import { hostVeth } from '../../parts/ptp-plugin.ts';
import { ROUTE_CONTROLLER } from './route-table.ts';

const CNI_VERSION = '1.0.0';
export const NETWORK = 'k8s-pod-network';
const DEFAULT = '0.0.0.0/0';

export function addCloudRoutes(_cluster: Cluster, node: ClusterNode, pod: ClusterPod): PodAdd {
  const ptp = {
    type: 'ptp',
    ipam: { type: 'host-local', ranges: [[{ subnet: node.podCIDR.text }]], routes: [{ dst: DEFAULT }] },
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } };
  const calls = ptpCalls(node, pod, hostVeth(pod), { cniVersion: CNI_VERSION, name: NETWORK, ...ptp }, [DEFAULT]);
  return {
    conf: {
      path: '/etc/cni/net.d/10-containerd-net.conflist',
      json: { cniVersion: CNI_VERSION, name: NETWORK, plugins: [ptp, portmap] },
    },
    calls: [
      ...calls,
      portmapCall(pod, { cniVersion: CNI_VERSION, name: NETWORK, ...portmap }, calls[0]?.stdout ?? null),
    ],
    afterwards: [
      {
        by: ROUTE_CONTROLLER,
        where: 'other nodes',
        how: `Nobody tells the other nodes anything: the cloud's route table has led to ${node.name} for all of ${node.podCIDR.text} since the node joined.`,
      },
    ],
  };
}
