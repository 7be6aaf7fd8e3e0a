import type { Cluster } from '../../../kube/cluster.ts';
import type { FabricRoute } from '../../contract.ts';

export const ROUTE_CONTROLLER = 'route controller (cloud-controller-manager)';

/** k8s.io/cloud-provider, controllers/route, v1.34: one route for each node, whose target is the instance; looked at every 10 seconds. */
export function routeTable({ nodes }: Cluster): FabricRoute[] {
  return nodes.map(({ name, ip: via, podCIDR: dst }) => ({
    dst,
    via,
    machine: name,
    origin: { by: ROUTE_CONTROLLER, for: `Node ${name}`, why: `${dst.text} is the podCIDR of ${name}` },
  }));
}
