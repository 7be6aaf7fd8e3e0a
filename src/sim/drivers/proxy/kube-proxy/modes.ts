/** The modes of kube-proxy that a person can choose, with what differs inside a mode (`--ipvs-scheduler`, the rules of a release). */
import type { SchedulerName } from '../../../linux/ipvs/table.ts';
import type { DriverMode } from '../../contract.ts';

const IPVS = 'ipvs';
const DEFAULT_SCHEDULER: SchedulerName = 'rr';

/** ipvsadm(8). kube-proxy gives every server weight 1, so wrr is rr and wlc is lc there. */
const SCHEDULERS: readonly (readonly [SchedulerName, string])[] = [
  ['rr', 'each server in turn'],
  ['wrr', 'each in turn, as often as its weight says'],
  ['lc', 'the server with the fewest connections'],
  ['wlc', 'the fewest connections for its weight'],
  ['sh', 'the hash of the source address'],
  ['mh', 'the hash of source address and port, by a table that changes little (Maglev)'],
  ['dh', 'the hash of the destination address'],
  ['sed', 'the shortest expected delay'],
  ['nq', 'an idle server, else the shortest expected delay'],
];

const modeOf = (scheduler: SchedulerName): string => (scheduler === DEFAULT_SCHEDULER ? IPVS : `${IPVS}-${scheduler}`);

/** The scheduler of an IPVS mode; undefined for other modes. */
export const schedulerOf = (mode: string): SchedulerName | undefined =>
  SCHEDULERS.find(([scheduler]) => modeOf(scheduler) === mode)?.[0];

const MODELLED = 'Deprecated since Kubernetes 1.35. Modelled from source: no kernel at hand could run it.';

export const MODES: readonly DriverMode[] = [
  {
    id: 'iptables',
    label: 'iptables',
    about: 'A chain per Service and per endpoint in the nat table; a random choice for each new connection.',
  },
  {
    id: 'nftables',
    label: 'nftables',
    about:
      'One table with verdict maps: a Service is found by one lookup, however many there are. Stable since 1.33; rules as of 1.34.',
  },
  {
    id: 'nftables-1-30',
    label: 'nftables (1.30 to 1.33)',
    variantOf: 'nftables',
    about:
      'The same with the rules of the older releases: what a node itself sends is checked before it is translated.',
  },
  {
    id: 'nftables-1-36',
    label: 'nftables (1.36 and later)',
    variantOf: 'nftables',
    about: 'The same with the rules of newer releases: the chain of a Service translates by itself.',
  },
  ...SCHEDULERS.map(
    ([scheduler, how]): DriverMode => ({
      id: modeOf(scheduler),
      label: `IPVS, ${scheduler} (deprecated since 1.35)`,
      ...(scheduler === DEFAULT_SCHEDULER ? {} : { variantOf: IPVS }),
      about: `The kernel's own load balancer, on addresses of a dummy device; it takes ${how}. ${MODELLED}`,
    }),
  ),
  {
    id: 'userspace',
    label: 'userspace (removed)',
    about:
      'History: until 1.2 the default, every connection went through the kube-proxy process itself. Removed in 1.26.',
  },
];
