import type { Netns } from '../netns.ts';

/** May what comes in by this device be passed on? (`IN_DEV_FORWARD`) Writing `ip_forward` writes every device's own value, too. */
export function forwardsFrom(ns: Netns, dev: string): boolean {
  return (ns.sysctl[`ipv4.conf.${dev}.forwarding`] ?? ns.sysctl['ipv4.ip_forward']) === 1;
}
