/** Shortest expected delay: active connections plus the coming one, divided by the weight (net/netfilter/ipvs/ip_vs_sed.c). */
import { leastOf } from './least.ts';
import { type Scheduler, takesNew } from './scheduler.ts';

export const sed: Scheduler = ({ servers, loadOf }) =>
  leastOf(servers.filter(takesNew), (server) => ({ cost: loadOf(server).active + 1, weight: server.weight }));
