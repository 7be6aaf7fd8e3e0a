/** Weighted least connections: as lc, divided by the weight (net/netfilter/ipvs/ip_vs_wlc.c). */
import { connectionOverhead } from './lc.ts';
import { leastOf } from './least.ts';
import { type Scheduler, takesNew } from './scheduler.ts';

export const wlc: Scheduler = ({ servers, loadOf }) =>
  leastOf(servers.filter(takesNew), (server) => ({
    cost: connectionOverhead(loadOf(server)),
    weight: server.weight,
  }));
