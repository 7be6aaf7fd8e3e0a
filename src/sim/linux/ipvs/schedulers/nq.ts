/** Never queue: the first idle server, whatever its weight; when none is idle, as sed (net/netfilter/ipvs/ip_vs_nq.c). */
import { type Scheduler, takesNew } from './scheduler.ts';
import { sed } from './sed.ts';

export const nq: Scheduler = (choice) =>
  choice.servers.find((server) => takesNew(server) && choice.loadOf(server).active === 0) ?? sed(choice);
