/**
 * `service.kubernetes.io/topology-mode: Auto`: endpoints are shared out among zones in proportion to the CPU of their nodes, and nobody
 * gets hints where some zone would be overloaded (k8s.io/endpointslice/topologycache, v0.35).
 * SIMPLIFIED: all nodes are ready and have the same CPU; hints are those of a fresh reconcile, where the real controller leaves slices
 * alone whose hints still do; zones come in the order of the nodes, where the real order is that of a Go map: any.
 */
import type { ClusterNode } from './cluster.ts';
import type { Unhinted } from './endpoint-hints.ts';

/** How much more than its share an endpoint may have to carry. */
const OVERLOAD_THRESHOLD = 0.2;

/** `topologycache/event.go`; the controller adds the address type. */
const EVENTS = {
  nodes: 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
  few: 'Insufficient number of endpoints',
  overload: 'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold',
  endpoint: 'One or more endpoints do not have a zone specified',
} as const;

export interface Proportional {
  /** The zone that each endpoint is meant for, null for one that is not ready; or null: no hints at all. */
  readonly zones: readonly (string | null)[] | null;
  readonly event: string | null;
}

export function proportionalHints(endpoints: readonly Unhinted[], nodes: readonly ClusterNode[]): Proportional {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const desired = desiredByZone(ready.length, nodes);
  if (typeof desired === 'string') return refused(desired);
  const zones: (string | null)[] = [];
  const allocated = new Map<string, number>();
  for (const endpoint of endpoints) {
    if (endpoint.ready && !endpoint.zone) return refused(EVENTS.endpoint);
    const zone = endpoint.ready ? (endpoint.zone ?? null) : null;
    zones.push(zone);
    if (zone !== null) allocated.set(zone, (allocated.get(zone) ?? 0) + 1);
  }
  redistribute(zones, transfers(desired, allocated));
  return { zones, event: null };
}

const refused = (text: string): Proportional => ({
  zones: null,
  event: `TopologyAwareHintsDisabled: ${text}, addressType: IPv4`,
});

/** Endpoints that each zone should have, or why none can be given hints (`SetNodes`, `getAllocations`). */
function desiredByZone(endpoints: number, nodes: readonly ClusterNode[]): ReadonlyMap<string, number> | string {
  // Nodes of the control plane are not counted, whatever runs on them (`hasExcludedLabels`).
  const counted = nodes.filter(({ role }) => role !== 'control-plane');
  if (counted.some(({ zone }) => zone === undefined)) return EVENTS.nodes;
  const byZone = new Map<string, number>();
  for (const { zone = '' } of counted) byZone.set(zone, (byZone.get(zone) ?? 0) + 1);
  // One zone alone is told with the same words: the ratios are never computed.
  if (byZone.size < 2) return EVENTS.nodes;
  const sizes = `(${endpoints} endpoints, ${byZone.size} zones)`;
  if (byZone.size > endpoints) return `${EVENTS.few} ${sizes}`;
  const desired = new Map<string, number>();
  let left = endpoints;
  for (const [zone, count] of byZone) {
    const exact = (count / counted.length) * endpoints;
    const minimum = Math.ceil(exact * (1 / (1 + OVERLOAD_THRESHOLD)));
    desired.set(zone, Math.max(exact, minimum));
    left -= minimum;
    if (left < 0) return `${EVENTS.overload} ${sizes}`;
  }
  return desired;
}

interface Transfers {
  readonly giving: Map<string, number>;
  readonly receiving: Map<string, number>;
}

/** How many whole endpoints zones with too many give to zones with too few (`getGivingAndReceivingZones`). */
function transfers(desired: ReadonlyMap<string, number>, allocated: ReadonlyMap<string, number>): Transfers {
  const surplus = new Map<string, number>();
  const need = new Map<string, number>();
  for (const [zone, target] of desired) {
    const has = allocated.get(zone) ?? 0;
    if (has > target) surplus.set(zone, has - target);
    else if (has < target) need.set(zone, target - has);
  }
  const found: Transfers = { giving: new Map(), receiving: new Map() };
  for (;;) {
    const [from, over] = most(surplus);
    const [to, short] = most(need);
    if (from === '' || to === '' || (over < 1 && short < 1) || over < 0.5 || short < 0.5) return found;
    found.giving.set(from, (found.giving.get(from) ?? 0) + 1);
    found.receiving.set(to, (found.receiving.get(to) ?? 0) + 1);
    surplus.set(from, over - 1);
    need.set(to, short - 1);
  }
}

function most(zones: ReadonlyMap<string, number>): readonly [zone: string, count: number] {
  let best: readonly [string, number] = ['', 0];
  for (const entry of zones) if (entry[1] > best[1]) best = entry;
  return best;
}

/** Endpoints of giving zones are meant for receiving ones, first come, first served (`redistributeHints`). */
function redistribute(zones: (string | null)[], { giving, receiving }: Transfers): void {
  for (const [at, own] of zones.entries()) {
    const [to] = receiving.keys();
    if (to === undefined) return;
    if (own === null || !giving.has(own)) continue;
    zones[at] = to;
    takeOne(giving, own);
    takeOne(receiving, to);
  }
}

function takeOne(counts: Map<string, number>, zone: string): void {
  const left = (counts.get(zone) ?? 0) - 1;
  if (left > 0) counts.set(zone, left);
  else counts.delete(zone);
}
