/** Round robin: the next one of the list that takes connections (net/netfilter/ipvs/ip_vs_rr.c). */

import type { RealServer } from '../table.ts';
import { positionOf, type RoundMark, type Scheduler, sameServer, takesNew } from './scheduler.ts';

export const rr: Scheduler = ({ servers, mark }) => {
  const at = positionOf(servers, stillThere(mark, servers));
  const chosen = [...servers.slice(at + 1), ...servers.slice(0, at + 1)].find(takesNew) ?? null;
  mark.servers = servers;
  if (chosen) mark.last = chosen;
  return chosen;
};

/** A server that was removed hands the mark to the one before it (`ip_vs_rr_del_dest`). */
function stillThere(mark: RoundMark, servers: readonly RealServer[]): RealServer | null {
  const before = mark.servers ?? [];
  for (let i = positionOf(before, mark.last); i >= 0; i--) {
    const candidate = before[i];
    const found = candidate && servers.find((each) => sameServer(each, candidate));
    if (found) return found;
  }
  return null;
}
