import type { Ip } from '../wire/ip.ts';
import type { Outcome } from './trace.ts';

/** How long a program waits for an answer: long enough for SYNs at 1, 2 and 3 s and for ARP to give up (3 s). */
export const PROBE_WAIT_MS = 3_500;

/** What the probing program learned, before anybody explains it. `converse` makes it, `verdict` words it. */
export interface ProgramResult {
  readonly outcome: Outcome;
  /** The error that the socket call returned, as errno spells it: `ECONNREFUSED`, `EHOSTUNREACH`, `EMSGSIZE`, `ETIMEDOUT`. */
  readonly errno?: string;
  /** Who sent the ICMP error, as the program sees it. */
  readonly errorFrom?: Ip;
  /** The ICMP error as tcpdump names it (`port-unreachable`, `ttl-exceeded`). */
  readonly icmp?: string;
  /** The path MTU that an ICMP frag-needed or the local device reported. */
  readonly mtuBytes?: number;
  /** Source address that the kernel chose for the program's socket. */
  readonly clientIp: Ip | null;
  /** The step that told the program (a delivery, or the local refusal); null when nothing came. */
  readonly atStep: number | null;
  /** Traceroute: who answered at each TTL; null for `*`. */
  readonly route?: readonly { readonly ttl: number; readonly from: Ip | null; readonly what: string }[];
}
