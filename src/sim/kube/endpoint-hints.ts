/**
 * The EndpointSlice controller's hints: for which zones and nodes each endpoint is meant (k8s.io/endpointslice, trafficdist and
 * reconciler.go, v0.35). The annotation goes before the field; without either, endpoints are for everybody.
 */
import type { ClusterNode, Endpoint } from './cluster.ts';
import type { ServiceObject } from './objects.ts';
import { proportionalHints } from './proportional-hints.ts';

export type Hints = Pick<Endpoint, 'zoneHints' | 'nodeHints'>;

/** An endpoint before it has hints: one for each pod, whatever ports the Service has. */
export interface Unhinted {
  readonly ready: boolean;
  readonly node: string;
  readonly zone: string | undefined;
}

export interface HintsGiven {
  /** In the order of the endpoints. */
  readonly hints: readonly Hints[];
  /** The event that the controller reports when it gives none; null where it has nothing to report. */
  readonly event: string | null;
}

const NONE: Hints = {};

export function hintsFor(
  { trafficDistribution, topologyMode }: Pick<ServiceObject, 'trafficDistribution' | 'topologyMode'>,
  endpoints: readonly Unhinted[],
  nodes: readonly ClusterNode[],
): HintsGiven {
  if (topologyMode === 'Auto') {
    const { zones, event } = proportionalHints(endpoints, nodes);
    const hints = endpoints.map((_, at): Hints => (zones?.[at] ? { zoneHints: [zones[at]] } : NONE));
    return { hints, event };
  }
  if (trafficDistribution === undefined) return { hints: endpoints.map(() => NONE), event: null };
  const wantsNode = trafficDistribution === 'PreferSameNode';
  const hints = endpoints.map(({ ready, node, zone }): Hints => {
    if (!ready) return NONE;
    return { ...(zone ? { zoneHints: [zone] } : {}), ...(wantsNode ? { nodeHints: [node] } : {}) };
  });
  return { hints, event: null };
}
