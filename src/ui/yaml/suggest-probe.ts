import type { World } from '../../sim/engine/world.ts';
import { type ClusterPod, type ClusterService, podNs } from '../../sim/kube/cluster.ts';
import type { Probe, ProbeTo } from '../../sim/scenario/probe.ts';

/**
 * A packet that shows something in a cluster that was just imported: from its first pod to a Service, by name, best to an endpoint on
 * another node. Null when the packet that is there already can stay.
 */
export function suggestProbe(world: World, standing: Probe | null): Probe | null {
  if (standing !== null && hasEnd(world, standing.from) && hasEnd(world, standing.to)) return null;
  const { pods, services } = world.cluster;
  const own = services.filter(({ namespace, name }) => namespace !== 'default' || name !== 'kubernetes');
  const pairs = pods.slice(0, PODS_TRIED_MAX).flatMap((pod) => own.map((service) => ({ pod, service })));
  const best =
    pairs.find(({ pod, service }) => endpointsFor(pod, service).some(({ node }) => node !== pod.node)) ??
    pairs.find(({ pod, service }) => endpointsFor(pod, service).length > 0) ??
    pairs[0];
  if (best === undefined) return null;
  const { pod, service } = best;
  const [port] = service.ports;
  if (port === undefined) return null;
  return {
    from: { kind: 'pod', ref: podNs(pod) },
    to: { kind: 'service', ref: `${service.namespace}/${service.name}`, via: 'name' },
    proto: port.protocol === 'UDP' ? 'udp' : 'tcp',
    port: port.port,
  };
}

/** Enough to find a good pair in any real set of manifests. */
const PODS_TRIED_MAX = 50;

/** Endpoints of the first port, when the pod is none of them. */
function endpointsFor(pod: ClusterPod, service: ClusterService) {
  const endpoints = service.ports[0]?.endpoints ?? [];
  return endpoints.some((endpoint) => endpoint.pod === podNs(pod)) ? [] : endpoints;
}

function hasEnd({ cluster }: World, end: ProbeTo): boolean {
  switch (end.kind) {
    case 'pod':
      return cluster.pods.some((pod) => podNs(pod) === end.ref);
    case 'service':
      return cluster.services.some(({ namespace, name }) => `${namespace}/${name}` === end.ref);
    case 'node':
      return cluster.nodes.some(({ name }) => name === end.ref);
    case 'external':
      return cluster.externals.some(({ name }) => name === end.ref);
    case 'ip':
    case 'name':
      return true;
  }
}
