/**
 * What EndpointSlice hints make of a Service on one node, as every proxy that heeds them must decide it (KEP-2433, KEP-3015; as in
 * pkg/proxy/topology.go `topologyModeFromHints`, v1.35): a hint is a wish, and counts only where nobody is left without endpoints.
 */
interface Hinted {
  readonly ready: boolean;
  readonly zoneHints?: readonly string[];
  readonly nodeHints?: readonly string[];
}

/** A node as hints see it. */
export interface NodePlace {
  readonly name: string;
  /** Empty: the node has no such label. */
  readonly zone: string;
}

/** `node` or `zone`: only ready endpoints hinted for this node, or for its zone, are used. Null: all of them. */
export type Near = 'node' | 'zone' | null;

export function nearOf(endpoints: readonly Hinted[], node: NodePlace): Near {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  if (ready.length === 0) return null;
  const counts = (near: 'node' | 'zone'): boolean =>
    ready.every((endpoint) => hintsOf(endpoint, near).length > 0) &&
    ready.some((endpoint) => isHintedFor(endpoint, near, node));
  if (counts('node')) return 'node';
  return counts('zone') ? 'zone' : null;
}

/** Is it among those that are used? */
export function isHintedFor(endpoint: Hinted, near: Near, { name, zone }: NodePlace): boolean {
  return near === null || hintsOf(endpoint, near).includes(near === 'node' ? name : zone);
}

const hintsOf = ({ zoneHints = [], nodeHints = [] }: Hinted, near: 'node' | 'zone'): readonly string[] =>
  near === 'node' ? nodeHints : zoneHints;
