/**
 * What one sync makes of the virtual servers that stand (pkg/proxy/ipvs/proxier.go `syncEndpoint`, `cleanLegacyService`, graceful_termination.go,
 * v1.33). A plan says what a Service wants; this says what a running kube-proxy leaves while connections to old endpoints last.
 */
import { findReal, findVirtual, type RealServer, type VirtualServer } from '../../../../linux/ipvs/table.ts';
import { cidrHas } from '../../../../wire/ip.ts';
import type { IpvsOptions } from './options.ts';

export interface SyncContext {
  readonly family: 4 | 6;
  readonly excludeCIDRs: IpvsOptions['excludeCIDRs'];
  /** ActiveConn and InActConn of a real server together. */
  readonly connectionsOf: (virtual: VirtualServer, real: RealServer) => number;
  /** The first sync of a kube-proxy that has just started: it remembers no endpoint that was going away. */
  readonly isFirst: boolean;
}

export function syncServers(
  standing: readonly VirtualServer[],
  wanted: readonly VirtualServer[],
  context: SyncContext,
): VirtualServer[] {
  const kept = standing.filter(
    (virtual) => !findVirtual(wanted, virtual.proto, virtual) && belongsToOthers(virtual, context),
  );
  const ours = wanted.map((virtual) => {
    const before = findVirtual(standing, virtual.proto, virtual);
    return before ? { ...virtual, realServers: syncReal(before, virtual, context) } : virtual;
  });
  return [...kept, ...ours];
}

const belongsToOthers = ({ ip }: VirtualServer, { family, excludeCIDRs }: SyncContext): boolean =>
  ip.includes(':') !== (family === 6) || excludeCIDRs.some((net) => cidrHas(net, ip));

/** Those that stay keep their place in the list; new ones, and those that come back, are added behind them. */
function syncReal(before: VirtualServer, wanted: VirtualServer, context: SyncContext): RealServer[] {
  const stay: RealServer[] = [];
  const seen = new Set<RealServer>();
  for (const real of before.realServers) {
    const again = findReal(wanted, real);
    const next = again ? returning(real, again, context) : leaving(before, real, context);
    if (next) stay.push(next);
    if (again && next) seen.add(again);
  }
  return [...stay, ...wanted.realServers.filter((real) => !seen.has(real))];
}

/** Null: one that was going away is deleted, and added anew. */
function returning(real: RealServer, again: RealServer, { isFirst }: SyncContext): RealServer | null {
  return real.weight === 0 && !isFirst ? null : again;
}

/** A real server with connections stays with weight 0 until the last one has ended. UDP and SCTP wait for nobody. */
function leaving(virtual: VirtualServer, real: RealServer, { connectionsOf }: SyncContext): RealServer | null {
  if (virtual.proto !== 'tcp' || connectionsOf(virtual, real) === 0) return null;
  return { ...real, weight: 0, lastWeight: real.lastWeight ?? real.weight };
}
