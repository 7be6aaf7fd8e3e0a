/** `topology.kubernetes.io/zone` of the nodes, as a list in their order. */

/** A few to choose from; any label value may stand in a document. */
export const ZONE_NAMES = ['zone-a', 'zone-b', 'zone-c'] as const;

/** The nodes shared out among the first `count` zones, neighbours together. */
export const spreadZones = (nodes: number, count: number): readonly string[] =>
  Array.from({ length: count < 1 ? 0 : nodes }, (_, index) => ZONE_NAMES[Math.floor((index * count) / nodes)] ?? '');

/** The list with another zone for one node; '' takes the label away. */
export const withZone = (zones: readonly string[], index: number, zone: string): readonly string[] =>
  Array.from({ length: Math.max(zones.length, index + 1) }, (_, at) => (at === index ? zone : (zones[at] ?? '')));
