/** Which endpoints of a Service each node uses, as its EndpointSlice hints have it, in one sentence. */
import type { Cluster, ClusterNode, ClusterService, Endpoint } from '../../kube/cluster.ts';
import { isHintedFor, nearOf } from '../../kube/hinted.ts';
import { listOf } from './names.ts';

/** More nodes than this are counted, not named. */
const NAMED_MAX = 3;

/** Null where no hints were asked for, or none are heeded anywhere: the cluster's notes say why. */
export function hintSentence({ nodes }: Cluster, service: ClusterService): string | null {
  const asked =
    service.topologyMode === 'Auto'
      ? 'topology-mode Auto'
      : service.trafficDistribution && `trafficDistribution ${service.trafficDistribution}`;
  const endpoints = service.ports[0]?.endpoints.filter(({ ready }) => ready) ?? [];
  if (!asked || endpoints.length === 0) return null;
  if (nodes.every(({ name, zone = '' }) => nearOf(endpoints, { name, zone }) === null)) return null;
  const users = new Map<string, ClusterNode[]>();
  for (const node of nodes) {
    const way = wayOf(endpoints, node);
    users.set(way, [...(users.get(way) ?? []), node]);
  }
  const parts = [...users].map(([way, by]) => `from ${nodesText(by)} ${way}`);
  return `With ${asked}, connections go ${listOf(parts)}.`;
}

function wayOf(endpoints: readonly Endpoint[], { name, zone = '' }: ClusterNode): string {
  const node = { name, zone };
  const near = nearOf(endpoints, node);
  if (near === null)
    return `to all ${endpoints.length} endpoints, because the hints leave out ${zone || 'nodes without a zone'}`;
  const count = endpoints.filter((endpoint) => isHintedFor(endpoint, near, node)).length;
  const those = `only to the ${count === 1 ? 'one' : count} of ${endpoints.length} endpoints`;
  return near === 'node' ? `${those} on the same node` : `${those} hinted for ${zone}`;
}

const nodesText = (nodes: readonly ClusterNode[]): string =>
  nodes.length > NAMED_MAX ? `${nodes.length} nodes` : listOf(nodes.map(({ name }) => name));
