/** The tunnel device of IPIP modes: felix/dataplane/linux/ipip_mgr.go, v3.31. Its routes are BIRD's. */
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import type { Origin } from '../../../linux/origin.ts';
import { ZERO_MAC } from '../../../wire/mac.ts';
import type { Fragment } from '../../contract.ts';
import * as facts from './facts.ts';

/** One device for all peers: nothing is written per node, because each route names its far end as next hop. */
export function ipipFragment(cluster: Cluster, node: ClusterNode): Fragment {
  const origin = (why: string): Origin => ({ by: 'felix', for: `Node ${node.name}`, why });
  return {
    devices: [
      {
        kind: 'ipip',
        name: facts.IPIP_DEVICE,
        mac: ZERO_MAC,
        mtuBytes: cluster.nodeNetwork.mtuBytes - facts.IPIP_OVERHEAD_BYTES,
        up: true,
        ipip: {},
        origin: origin('the tunnel to all other nodes; the kernel made it with its module, Felix set it up'),
      },
    ],
    addresses: node.tunnelIp
      ? [
          {
            dev: facts.IPIP_DEVICE,
            ip: node.tunnelIp,
            prefix: 32,
            scope: 'global',
            origin: origin('the source of what the node itself sends through the tunnel, from its first block'),
          },
        ]
      : [],
  };
}
