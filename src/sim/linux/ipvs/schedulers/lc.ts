/** Least connections, an active one counting 256 times an inactive one; of equals the first (net/netfilter/ipvs/ip_vs_lc.c). */

import { leastOf } from './least.ts';
import type { Load, Scheduler } from './scheduler.ts';
import { takesNew } from './scheduler.ts';

export const lc: Scheduler = ({ servers, loadOf }) =>
  leastOf(servers.filter(takesNew), (server) => ({ cost: connectionOverhead(loadOf(server)), weight: 1 }));

/** `ip_vs_dest_conn_overhead` (include/net/ip_vs.h). */
export const connectionOverhead = ({ active, inactive }: Load): number => active * 256 + inactive;
