/**
 * Whom a device answers ARP for: its namespace's own addresses and, with `proxy_arp`, whatever the namespace would forward by another
 * device (net/ipv4/arp.c `arp_process`, `arp_fwd_proxy`). A node without a route to it stays silent, even for a made-up gateway.
 */
import type { Ip } from '../../wire/ip.ts';
import type { Device } from '../config.ts';
import type { Netns } from '../netns.ts';
import { lookupRoute } from '../routing/fib.ts';
import { forwardsFrom } from '../routing/forwarding.ts';

/** SIMPLIFIED: answers for others come at once, as with `proxy_delay` 0; the default would wait up to 0.8 s. */
export function answersFor(ns: Netns, dev: Device, address: Ip): boolean {
  const route = lookupRoute(ns, address);
  if (route.type === 'local') return ns.sysctl['ipv4.conf.all.arp_ignore'] === 0 || isOn(ns, dev, address);
  return isProxy(ns, dev) && forwardsFrom(ns, dev.name, address) && route.type === 'unicast' && route.dev !== dev.name;
}

/** `arp_ignore` 1: an address of another device, such as kube-ipvs0, is not answered for. */
const isOn = (ns: Netns, dev: Device, address: Ip): boolean =>
  ns.globals.get(dev.name)?.some(({ ip }) => ip === address) === true;

/** SIMPLIFIED: `conf.all.proxy_arp` counts too in a real kernel; nobody sets it. */
const isProxy = (ns: Netns, dev: Device): boolean => ns.sysctl[`ipv4.conf.${dev.name}.proxy_arp`] === 1;
