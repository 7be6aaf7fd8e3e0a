/** CNI ADD with kindnet: kindnetd writes the file, the reference plugins do the rest (images/kindnetd/cmd/kindnetd/cni.go, kind v0.32). */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import { podCIDRsOf } from '../../../kube/families.ts';
import type { CniOptions, PodAdd } from '../../contract.ts';
import { defaultRoutes, portmapCall, ptpCalls, rangesJson } from '../../parts/plugin-calls.ts';
import { hostVeth } from '../../parts/ptp-plugin.ts';
import { KINDNETD } from './masq-agent.ts';

const CNI_VERSION = '0.3.1';
export const NETWORK = 'kindnet';

export function addKindnet(
  cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  _mode: string,
  options: CniOptions,
): PodAdd {
  const routes = defaultRoutes(node);
  const ptp = {
    type: 'ptp',
    ipMasq: false,
    ipam: {
      type: 'host-local',
      dataDir: '/run/cni-ipam-state',
      routes: routes.map((dst) => ({ dst })),
      ranges: rangesJson(node),
    },
    mtu: options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes,
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } };
  const calls = ptpCalls(node, pod, hostVeth(pod), { cniVersion: CNI_VERSION, name: NETWORK, ...ptp }, routes);
  return {
    conf: {
      path: '/etc/cni/net.d/10-kindnet.conflist',
      json: { cniVersion: CNI_VERSION, name: NETWORK, plugins: [ptp, portmap] },
    },
    calls: [
      ...calls,
      portmapCall(pod, { cniVersion: CNI_VERSION, name: NETWORK, ...portmap }, calls[0]?.stdout ?? null),
    ],
    afterwards: [
      {
        by: KINDNETD,
        where: 'other nodes',
        how: `Nothing is sent: kindnetd on each node reads the Node objects every 10 seconds, and has had a route to ${podCIDRsOf(
          node,
        )
          .map(({ text }) => text)
          .join(' and ')} since ${node.name} joined.`,
      },
    ],
  };
}
