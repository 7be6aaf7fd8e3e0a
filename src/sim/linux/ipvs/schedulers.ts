/** Schedulers by the name that `ipvsadm -s` takes. SIMPLIFIED: without lblc and lblcr, which are made for caches. */
import { dh } from './schedulers/dh.ts';
import { lc } from './schedulers/lc.ts';
import { mh } from './schedulers/mh.ts';
import { nq } from './schedulers/nq.ts';
import { rr } from './schedulers/rr.ts';
import type { Scheduler } from './schedulers/scheduler.ts';
import { sed } from './schedulers/sed.ts';
import { sh } from './schedulers/sh.ts';
import { wlc } from './schedulers/wlc.ts';
import { wrr } from './schedulers/wrr.ts';
import type { SchedulerName } from './table.ts';

export const SCHEDULERS: Readonly<Record<SchedulerName, Scheduler>> = { rr, wrr, lc, wlc, sh, mh, dh, sed, nq };
