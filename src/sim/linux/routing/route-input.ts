/**
 * The routing decision for a packet that came in (`ip_route_input_slow`, `fib_validate_source`, net/ipv4/route.c and fib_frontend.c;
 * `ip6_route_input`, net/ipv6/route.c).
 */
import { cidrHas, familyOf, type Ip, LOOPBACK_NET } from '../../wire/ip.ts';
import { LOOPBACK_6 } from '../../wire/ip6.ts';
import type { Device } from '../config.ts';
import { drop, type Kernel, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { ipOf, type Skb } from '../skb.ts';
import type { StepBody } from '../step.ts';
import { lookupRoute, type RouteResult } from './fib.ts';
import { forwardsFrom } from './forwarding.ts';
import { onPath } from './multipath.ts';

type Decision = Extract<StepBody, { kind: 'route' }>['decision'];

/** Sets `skb.dst`. False: the packet was a martian or failed the reverse-path filter, and was dropped. */
export function routeInput(k: Kernel, ns: Netns, skb: Skb, dev: Device): boolean {
  const { src, dst } = ipOf(skb);
  if (familyOf(dst) === 6) return routeInput6(k, ns, skb, dev);
  const localnet =
    ns.sysctl['ipv4.conf.all.route_localnet'] === 1 || ns.sysctl[`ipv4.conf.${dev.name}.route_localnet`] === 1;
  if (!localnet && (cidrHas(LOOPBACK_NET, dst) || cidrHas(LOOPBACK_NET, src))) {
    drop(k, ns, skb, 'IP_MARTIAN', 'an address of 127.0.0.0/8 came in by a real device', {
      kind: 'sysctl',
      text: 'net.ipv4.conf.all.route_localnet = 0',
    });
    return false;
  }
  const found = onPath(lookupRoute(ns, dst), ipOf(skb), ns.sysctl['ipv4.fib_multipath_hash_policy']);
  const forwards = found.type === 'local' || found.type === 'broadcast' || forwardsFrom(ns, dev.name, dst);
  tell(k, ns, skb, inputStep(dst, found, forwards));
  if (!sourceIsValid(k, ns, skb, src, dev)) return false;
  skb.dst = forwards ? found : { ...found, type: 'none' };
  return true;
}

/** IPv6 asks nobody where a source lives; only ::1 may not come in by a real device (`ip6_rcv_core`). */
function routeInput6(k: Kernel, ns: Netns, skb: Skb, dev: Device): boolean {
  const { src, dst } = ipOf(skb);
  if (dev.kind !== 'loopback' && (src === LOOPBACK_6 || dst === LOOPBACK_6)) {
    drop(k, ns, skb, 'IP_MARTIAN', `${LOOPBACK_6} came in by a real device`);
    return false;
  }
  const found = lookupRoute(ns, dst, dev.name);
  const mayGo = found.type !== 'unicast' || forwardsFrom(ns, dev.name, dst);
  tell(k, ns, skb, inputStep(dst, found, mayGo));
  skb.dst = mayGo ? found : { ...found, type: 'none' };
  return true;
}

function inputStep(dst: Ip, found: RouteResult, forwards: boolean): StepBody {
  return {
    kind: 'route',
    direction: 'input',
    dst,
    decision: forwards ? decisionOf(found.type) : 'unreachable',
    table: found.route?.table ?? 'main',
    route: found.route,
    nextHop: found.nextHop,
    ...(found.dev === undefined ? {} : { dev: found.dev }),
  };
}

function decisionOf(type: RouteResult['type']): Decision {
  if (type === 'unicast') return 'forward';
  return type === 'none' ? 'no-route' : type;
}

/** Nobody else may use our addresses, and with rp_filter the way back must exist (2) by the same device (1). RFC 3704. */
function sourceIsValid(k: Kernel, ns: Netns, skb: Skb, src: Ip, dev: Device): boolean {
  const back = lookupRoute(ns, src);
  if (back.type === 'local' && !cidrHas(LOOPBACK_NET, src)) {
    drop(k, ns, skb, 'IP_MARTIAN', `${src} is an address of ${ns.id} itself and cannot come in by ${dev.name}`);
    return false;
  }
  // IN_DEV_MAXCONF: an administrator may only make it stricter for one device.
  const ofDevice = ns.sysctl[`ipv4.conf.${dev.name}.rp_filter`] ?? 0;
  const ofAll = ns.sysctl['ipv4.conf.all.rp_filter'];
  const mode = ofDevice > ofAll ? ofDevice : ofAll;
  const fits = mode === 0 || (back.type === 'unicast' && (mode === 2 || back.dev === dev.name));
  if (!fits)
    drop(k, ns, skb, 'IP_RPFILTER', `the way back to ${src} is not ${dev.name}`, {
      kind: 'sysctl',
      text: `net.ipv4.conf.${ofDevice > ofAll ? dev.name : 'all'}.rp_filter = ${mode}`,
    });
  return fits;
}
