/** IPVS at a netfilter hook: carries out what `forward.ts` decides (net/netfilter/ipvs/ip_vs_core.c, ip_vs_xmit.c `ip_vs_nat_xmit`). */
import { isIcmp } from '../../wire/frame.ts';
import { icmpError } from '../icmp.ts';
import { drop, type Kernel, tell } from '../kernel.ts';
import type { HookName } from '../netfilter/iptables/rule.ts';
import type { Netns } from '../netns.ts';
import { routeOutput, routeStep } from '../routing/route-output.ts';
import { ipOf, type Skb } from '../skb.ts';
import type { Culprit } from '../step.ts';
import { trackReply, trackRequest } from './conntrack.ts';
import { type IpvsContext, type IpvsVerdict, ipvsReply, ipvsRequest } from './forward.ts';
import { findReal, findVirtual, type VirtualServer } from './table.ts';

type Role = 'request' | 'reply';
type Translation = Extract<IpvsVerdict, { kind: 'translate' }>;

/** False: the packet is gone from this hook: dropped, or on its way to the real server already. */
export function runIpvs(k: Kernel, ns: Netns, skb: Skb, hook: HookName, role: Role): boolean {
  const table = ns.config.ipvs;
  if (!table || skb.ipvs) return true;
  const packet = ipOf(skb);
  // A forwarded request is nobody's here: only errors about one are looked at (ip_vs_forward_icmp).
  if (hook === 'FORWARD' && role === 'request' && !isIcmp(packet.l4)) return true;
  const at: IpvsContext = {
    connections: ns.memory.ipvs,
    table,
    sysctl: ns.sysctl,
    nowNs: k.nowNs,
    hasOldConntrack: skb.ct?.entry?.confirmed === true,
    isLocal: skb.iif === undefined || skb.iif === 'lo',
  };
  const verdict = role === 'reply' ? ipvsReply(packet, at) : ipvsRequest(packet, at);
  switch (verdict.kind) {
    case 'pass':
      return true;
    case 'unreachable':
      icmpError(k, ns, skb, 'port-closed');
      drop(k, ns, skb, 'IPVS_NO_SERVER', 'the virtual server has no real server', culpritOf(verdict.virtual));
      return false;
    case 'drop':
      drop(k, ns, skb, 'IPVS_SERVER_GONE', 'the real server of this connection is gone');
      return false;
    default:
      return role === 'reply' ? answer(k, ns, skb, hook, table, verdict) : hand(k, ns, skb, hook, table, verdict);
  }
}

function culpritOf(virtual: VirtualServer): Culprit {
  const text = `${virtual.proto.toUpperCase()} ${virtual.ip}:${virtual.port} ${virtual.scheduler}`;
  return { kind: 'virtual-server', text, ...(virtual.origin ? { origin: virtual.origin } : {}) };
}

/** A reply gets the virtual address back and goes on where it was going. */
function answer(
  k: Kernel,
  ns: Netns,
  skb: Skb,
  hook: HookName,
  table: readonly VirtualServer[],
  t: Translation,
): boolean {
  report(k, ns, skb, hook, 'reply', table, t);
  skb.ct = trackReply(skb.ct, ns.sysctl);
  return true;
}

/** A request goes to its real server: on down the hook when that is local, else out again by OUTPUT, one TTL lower. */
function hand(
  k: Kernel,
  ns: Netns,
  skb: Skb,
  hook: HookName,
  table: readonly VirtualServer[],
  t: Translation,
): boolean {
  const { server } = t.connection;
  const found = routeOutput(ns, server.ip);
  report(k, ns, skb, hook, 'request', table, t);
  skb.ct = trackRequest(skb.ct, t.connection, ns.sysctl);
  tell(k, ns, skb, routeStep(server.ip, found.route));
  if (!found.ok) {
    drop(k, ns, skb, 'IP_OUTNOROUTES', `no route to the real server ${server.ip}`, {
      kind: 'route',
      text: `${server.ip}: no route`,
    });
    return false;
  }
  if (found.route.type === 'local') return true;
  const { after } = t;
  if (after.ttl <= 1) {
    icmpError(k, ns, skb, 'ttl-exceeded');
    drop(k, ns, skb, 'TTL_EXPIRED', `${ns.id} would have to lower TTL ${after.ttl} to 0`);
    return false;
  }
  skb.payload = { ...after, ttl: after.ttl - 1 };
  tell(k, ns, skb, { kind: 'ttl', before: after.ttl, after: after.ttl - 1 });
  skb.dst = found.route;
  k.ops.localOut(k, ns, skb);
  return false;
}

function report(
  k: Kernel,
  ns: Netns,
  skb: Skb,
  hook: HookName,
  role: Role,
  table: readonly VirtualServer[],
  t: Translation,
): void {
  const { connection, after, by } = t;
  const before = ipOf(skb);
  skb.ipvs = connection;
  skb.payload = after;
  const virtual = findVirtual(table, connection.proto, connection.virtual);
  const server = virtual && findReal(virtual, connection.server);
  if (virtual && server) tell(k, ns, skb, { kind: 'ipvs', hook, role, by, before, after, virtual, server });
}
