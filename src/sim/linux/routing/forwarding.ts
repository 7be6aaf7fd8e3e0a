import { familyOf, type Ip } from '../../wire/ip.ts';
import type { Netns } from '../netns.ts';

/** The sysctl that says whether a machine is a router. */
export const forwardingSysctl = (dst: Ip): 'ipv4.ip_forward' | 'ipv6.conf.all.forwarding' =>
  familyOf(dst) === 6 ? 'ipv6.conf.all.forwarding' : 'ipv4.ip_forward';

/** May what comes in by this device be passed on? (`IN_DEV_FORWARD`) Writing `ip_forward` writes every device's own value, too. */
export function forwardsFrom(ns: Netns, dev: string, dst: Ip): boolean {
  if (familyOf(dst) === 6) return ns.sysctl['ipv6.conf.all.forwarding'] === 1;
  return (ns.sysctl[`ipv4.conf.${dev}.forwarding`] ?? ns.sysctl['ipv4.ip_forward']) === 1;
}
