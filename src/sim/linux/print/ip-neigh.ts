import type { Ip } from '../../wire/ip.ts';
import type { Mac } from '../../wire/mac.ts';

export type NeighbourState = 'PERMANENT' | 'REACHABLE' | 'STALE' | 'INCOMPLETE' | 'FAILED' | 'NOARP';

/** One line of `ip neigh`. What a driver or person wrote is PERMANENT; without a known MAC there is no `lladdr`. */
export function printNeighbour(
  entry: { readonly ip: Ip; readonly dev: string; readonly mac: Mac | null },
  state: NeighbourState = 'PERMANENT',
): string {
  const address = entry.mac === null ? '' : ` lladdr ${entry.mac}`;
  return `${entry.ip} dev ${entry.dev}${address} ${state}`;
}
