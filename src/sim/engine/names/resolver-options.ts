/** What glibc's resolver reads out of `/etc/resolv.conf` (resolv.conf(5), man-pages 6.9; resolv/res_init.c, glibc 2.42; read 2026-11-20). */
import type { ResolvConf } from '../../kube/dns/resolv-conf.ts';
import { type Ip, ip } from '../../wire/ip.ts';

export interface ResolverOptions {
  readonly servers: readonly Ip[];
  readonly search: readonly string[];
  readonly ndots: number;
  readonly timeoutSeconds: number;
  readonly attempts: number;
  readonly rotate: boolean;
  /** The second question waits for the answer to the first. */
  readonly singleRequest: boolean;
  /** And has a socket of its own. */
  readonly singleRequestReopen: boolean;
  readonly useTcp: boolean;
}

/** Each value has its ceiling (RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY). */
const NDOTS = { name: 'ndots', usual: 1, max: 15 };
const TIMEOUT = { name: 'timeout', usual: 5, max: 30 };
const ATTEMPTS = { name: 'attempts', usual: 2, max: 5 };
const SERVERS_MAX = 3;
/** Where no server is named. */
const LOCAL_SERVER = ip('127.0.0.1');

export function resolverOptions({ nameservers, search, options }: ResolvConf): ResolverOptions {
  const has = (...names: readonly string[]): boolean => options.some(({ name }) => names.includes(name));
  const number = ({ name, usual, max }: typeof NDOTS): number => {
    const value = options.findLast((option) => option.name === name)?.value;
    return value !== undefined && /^\d+$/.test(value) ? Math.min(Number(value), max) : usual;
  };
  return {
    servers: nameservers.length > 0 ? nameservers.slice(0, SERVERS_MAX) : [LOCAL_SERVER],
    search,
    ndots: number(NDOTS),
    timeoutSeconds: number(TIMEOUT),
    attempts: Math.max(1, number(ATTEMPTS)),
    rotate: has('rotate'),
    singleRequest: has('single-request', 'single-request-reopen'),
    singleRequestReopen: has('single-request-reopen'),
    useTcp: has('use-vc'),
  };
}
