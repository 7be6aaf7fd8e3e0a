/** The configuration of a namespace as lists of lines, each with the fault that deletes it. */
import { fdbLine, listenerLine, neighbourLine, routeLine } from '../../sim/engine/explain/lines.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import type { Entry } from './EntryList.tsx';

/** `ip route` tells those of IPv4, `ip -6 route` the others. */
export function routeEntries({ id: ns, routes }: NetnsConfig, family: 4 | 6 = 4): readonly Entry[] {
  return routes
    .filter(({ dst }) => dst.family === family)
    .map((route) => {
      const line = routeLine(route);
      return {
        line,
        origin: route.origin,
        fault: { label: 'Delete route', event: { type: 'RouteDeleted', ns, line } },
      };
    });
}

/** What a program asked for and the kernel did not take. */
export function refusedEntries({ refusedRoutes = [] }: NetnsConfig): readonly Entry[] {
  return refusedRoutes.map(({ route, error }) => ({ line: `${routeLine(route)}: ${error}`, origin: route.origin }));
}

/** Of one device, or of all. */
export function neighbourEntries({ id: ns, neighbours }: NetnsConfig, dev?: string): readonly Entry[] {
  const own = neighbours.filter((entry) => dev === undefined || entry.dev === dev);
  return own.map((entry) => {
    const line = neighbourLine(entry);
    const event = { type: 'NeighbourDeleted', ns, line } as const;
    return { line, origin: entry.origin, fault: { label: 'Delete neighbour', event } };
  });
}

export function fdbEntries({ id: ns, fdb }: NetnsConfig, dev?: string): readonly Entry[] {
  const own = fdb.filter((entry) => dev === undefined || entry.dev === dev || entry.port === dev);
  return own.map((entry) => {
    const line = fdbLine(entry);
    const event = { type: 'FdbEntryDeleted', ns, line } as const;
    return { line, origin: entry.origin, fault: { label: 'Delete FDB entry', event } };
  });
}

export function listenerEntries({ id: ns, listeners }: NetnsConfig): readonly Entry[] {
  return listeners.map((listener) => {
    const { proto, port, origin } = listener;
    const event = { type: 'ListenerStopped', ns, proto, port } as const;
    return { line: listenerLine(listener), origin, fault: { label: 'Stop listener', event } };
  });
}
