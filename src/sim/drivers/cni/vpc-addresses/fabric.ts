import { type Cluster, podNs } from '../../../kube/cluster.ts';
import { indexOf } from '../../../kube/cluster-index.ts';
import type { FabricRoute } from '../../contract.ts';
import { hostNet } from '../../parts/rules.ts';
import { IPAMD } from './facts.ts';

/** EC2 `AssignPrivateIpAddresses`: from then on the VPC knows the address as one of that card (pkg/awsutils `AllocIPAddresses`, v1.23.0). */
export function cardAddresses(cluster: Cluster): FabricRoute[] {
  const nodes = indexOf(cluster);
  return cluster.pods.flatMap((pod) => {
    const node = nodes.node(pod.node);
    const why = `${pod.ip} is a secondary address of the network card of ${pod.node}`;
    return node
      ? [
          {
            dst: hostNet(pod.ip),
            via: node.ip,
            machine: node.name,
            origin: { by: IPAMD, for: `Pod ${podNs(pod)}`, why },
          },
        ]
      : [];
  });
}
