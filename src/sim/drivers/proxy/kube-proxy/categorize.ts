/** Which endpoints a service port uses for which traffic: pkg/proxy/topology.go `CategorizeEndpoints`, v1.33. */
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
}

type Policies = Pick<
  ServicePort,
  'externalPolicyLocal' | 'internalPolicyLocal' | 'nodePort' | 'externalIPs' | 'loadBalancerIPs'
>;

/** `zone`: the node's zone when topology hints are honoured, else null. */
export function categorizeEndpoints(
  endpoints: readonly ProxyEndpoint[],
  service: Policies,
  zone: string | null,
): Categorized {
  const accessible = isAccessible(service);
  const usesCluster = !service.internalPolicyLocal || accessible;
  const usesLocal = service.internalPolicyLocal || (service.externalPolicyLocal && accessible);
  const cluster = usesCluster ? clusterEndpoints(endpoints, zone) : null;
  const local = usesLocal ? localEndpoints(endpoints) : null;
  const isAnyUsable = usesLocal && endpoints.some((endpoint) => endpoint.ready || isLastResort(endpoint));
  const wanted = new Set([...(cluster ?? []), ...(local ?? [])]);
  return {
    cluster,
    local,
    reachable: endpoints.filter((endpoint) => wanted.has(endpoint)),
    hasEndpoints: isAnyUsable || (cluster !== null && cluster.length > 0),
  };
}

/** A pod that is going away and still answers serves when nobody else does (KEP-1669). */
function isLastResort(endpoint: ProxyEndpoint): boolean {
  return endpoint.serving && endpoint.terminating;
}

function clusterEndpoints(endpoints: readonly ProxyEndpoint[], zone: string | null): ProxyEndpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const near = zone === null ? ready : nearEndpoints(ready, zone);
  return near.length > 0 ? near : endpoints.filter(isLastResort);
}

/** Hints count only when every ready endpoint has some and one of them names this zone. */
function nearEndpoints(ready: ProxyEndpoint[], zone: string): ProxyEndpoint[] {
  const near = ready.filter((endpoint) => endpoint.zoneHints.includes(zone));
  const isHinted = ready.every((endpoint) => endpoint.zoneHints.length > 0);
  return zone !== '' && isHinted && near.length > 0 ? near : ready;
}

function localEndpoints(endpoints: readonly ProxyEndpoint[]): ProxyEndpoint[] {
  const here = endpoints.filter((endpoint) => endpoint.local);
  const ready = here.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : here.filter(isLastResort);
}
