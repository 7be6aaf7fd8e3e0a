/** Which endpoints a service port uses for which traffic: pkg/proxy/topology.go `CategorizeEndpoints`, v1.35. */
import { isHintedFor, type Near, type NodePlace, nearOf } from '../../../kube/hinted.ts';
import { isAccessible, type ProxyEndpoint, type ServicePort } from './service-port.ts';

export interface Categorized {
  /** For policy Cluster; null where the service never uses it. */
  readonly cluster: readonly ProxyEndpoint[] | null;
  /** For policy Local; null where the service never uses it. */
  readonly local: readonly ProxyEndpoint[] | null;
  /** Those that need a chain, in the order of the service's list. */
  readonly reachable: readonly ProxyEndpoint[];
  /** Some endpoint exists anywhere, perhaps not for this node. */
  readonly hasEndpoints: boolean;
  /** What narrowed `cluster`. */
  readonly near: Near;
}

type Policies = Pick<
  ServicePort,
  'externalPolicyLocal' | 'internalPolicyLocal' | 'nodePort' | 'externalIPs' | 'loadBalancerIPs'
>;

/** `node`: this one where topology hints are heeded, else null. */
export function categorizeEndpoints(
  endpoints: readonly ProxyEndpoint[],
  service: Policies,
  node: NodePlace | null,
): Categorized {
  const accessible = isAccessible(service);
  const usesCluster = !service.internalPolicyLocal || accessible;
  const usesLocal = service.internalPolicyLocal || (service.externalPolicyLocal && accessible);
  const near = usesCluster && node !== null ? nearOf(endpoints, node) : null;
  const cluster = usesCluster
    ? clusterEndpoints(endpoints, (endpoint) => node === null || isHintedFor(endpoint, near, node))
    : null;
  const local = usesLocal ? localEndpoints(endpoints) : null;
  const isAnyUsable = usesLocal && endpoints.some((endpoint) => endpoint.ready || isLastResort(endpoint));
  const wanted = new Set([...(cluster ?? []), ...(local ?? [])]);
  return {
    cluster,
    local,
    reachable: endpoints.filter((endpoint) => wanted.has(endpoint)),
    hasEndpoints: isAnyUsable || (cluster !== null && cluster.length > 0),
    near,
  };
}

/** A pod that is going away and still answers serves when nobody else does (KEP-1669). */
function isLastResort(endpoint: ProxyEndpoint): boolean {
  return endpoint.serving && endpoint.terminating;
}

function clusterEndpoints(
  endpoints: readonly ProxyEndpoint[],
  isNear: (endpoint: ProxyEndpoint) => boolean,
): ProxyEndpoint[] {
  const near = endpoints.filter((endpoint) => endpoint.ready && isNear(endpoint));
  return near.length > 0 ? near : endpoints.filter(isLastResort);
}

function localEndpoints(endpoints: readonly ProxyEndpoint[]): ProxyEndpoint[] {
  const here = endpoints.filter((endpoint) => endpoint.local);
  const ready = here.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : here.filter(isLastResort);
}
