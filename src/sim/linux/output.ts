/** Packets that leave: routing, OUTPUT and POSTROUTING, fragmentation, then the link (net/ipv4/ip_output.c, net/ipv6/ip6_output.c). */
import type { IpPacket } from '../wire/frame.ts';
import { familyOf } from '../wire/ip.ts';
import { IP6_MTU_MIN, isMulticast6 } from '../wire/ip6.ts';
import type { Device } from './config.ts';
import { icmpError } from './icmp.ts';
import { drop, type Kernel, letGo, tell } from './kernel.ts';
import { runHook } from './netfilter/hooks.ts';
import type { Netns } from './netns.ts';
import { cut } from './reassembly.ts';
import { routeOutput, routeStep } from './routing/route-output.ts';
import { cloneSkb, ipOf, type Skb } from './skb.ts';
import { sendBroadcast, sendToGroup, sendVia } from './transmit.ts';

/** Sends a packet that this namespace made. `skb.dst` must hold its route (`ip_local_out`). */
export function localOut(k: Kernel, ns: Netns, skb: Skb): void {
  const before = ipOf(skb).dst;
  skb.dev = skb.dst?.dev ?? '';
  const reroute = (): boolean => ipOf(skb).dst === before || routeAgain(k, ns, skb);
  if (runHook(k, ns, skb, 'OUTPUT', undefined, skb.dst?.dev, reroute)) output(k, ns, skb);
}

/** DNAT in OUTPUT changed where the packet goes: the source address stays (`ip_route_me_harder`). */
function routeAgain(k: Kernel, ns: Netns, skb: Skb): boolean {
  const { dst } = ipOf(skb);
  const found = routeOutput(ns, dst);
  tell(k, ns, skb, routeStep(dst, found.route));
  if (!found.ok) {
    drop(k, ns, skb, 'IP_OUTNOROUTES', `no route to ${dst}`, { kind: 'route', text: `${dst}: no route` });
    return false;
  }
  skb.dst = found.route;
  return true;
}

/** POSTROUTING, then the link (`ip_output`). */
export function output(k: Kernel, ns: Netns, skb: Skb): void {
  const dev = skb.dst?.dev === undefined ? undefined : ns.devices.get(skb.dst.dev);
  if (!dev) return drop(k, ns, skb, 'DEV_DOWN', `the device ${skb.dst?.dev ?? ''} is gone`);
  if (runHook(k, ns, skb, 'POSTROUTING', skb.iif, dev.name)) finishOutput(k, ns, dev, skb);
}

function finishOutput(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  const packet = ipOf(skb);
  const mtu = pathMtu(ns, dev, skb);
  if (packet.len <= mtu && skb.fragMaxBytes === 0) return link(k, ns, dev, skb);
  // A tunnel over IPv6 may not cut its envelope (`ip6_fragment` without `ignore_df`): the node tells itself. SIMPLIFIED: it also learns what
  // would fit for the packet inside, and tells the sender of the next one.
  const mustFit = packet.df || (skb.outer && familyOf(packet.dst) === 6);
  if (mustFit && packet.len > mtu) return tooBig(k, ns, dev, skb, mtu);
  // Old pieces that fit go as they were (the fast path of `ip_do_fragment` and `ip6_fragment`).
  const old = skb.fragMaxBytes > 0 ? skb.fragMaxBytes : skb.joinedBytes;
  const size = old > 0 ? Math.min(mtu, old) : mtu;
  sendPieces(k, ns, skb, cut(packet, size), size, (piece) => link(k, ns, dev, piece));
}

/** By those that it passes: a router cuts IPv4 alone. */
export const mayBeCut = ({ df, dst }: IpPacket): boolean => !df && familyOf(dst) === 4;

/** Tells the cut and sends each piece. */
export function sendPieces(
  k: Kernel,
  ns: Netns,
  skb: Skb,
  pieces: readonly IpPacket[],
  mtuBytes: number,
  send: (piece: Skb) => void,
): void {
  tell(k, ns, skb, { kind: 'fragment', mtuBytes, pieces: pieces.length });
  for (const piece of pieces) {
    const copy = cloneSkb(skb, piece);
    copy.fragMaxBytes = 0;
    send(copy);
    // A tunnel sends while its own device is being sent to, which holds softirqs off.
    if (!skb.outer) letGo(k);
  }
}

/** Forwarded packets look at the device and the route only; own packets also at what ICMP taught (`ip_dst_mtu_maybe_forward`). */
export function pathMtu(ns: Netns, dev: Device, skb: Skb): number {
  const { dst } = ipOf(skb);
  const known = skb.iif === undefined ? ns.memory.pathMtu.get(dst) : undefined;
  const mtu = Math.min(dev.mtuBytes, skb.dst?.route?.mtuBytes ?? dev.mtuBytes, known ?? dev.mtuBytes);
  return familyOf(dst) === 6 ? Math.max(mtu, IP6_MTU_MIN) : mtu;
}

/** Don't-fragment and too large: the sender is told the MTU. */
export function tooBig(k: Kernel, ns: Netns, dev: Device, skb: Skb, mtuBytes: number): void {
  icmpError(k, ns, skb, 'too-big', mtuBytes);
  const { len, dst } = ipOf(skb);
  const why = familyOf(dst) === 6 ? 'bytes do not fit' : 'bytes with DF set do not fit';
  drop(k, ns, skb, 'PKT_TOO_BIG', `${len} ${why} ${mtuBytes}`, {
    kind: 'device',
    text: `${dev.name} mtu ${dev.mtuBytes}`,
    ...(dev.origin ? { origin: dev.origin } : {}),
  });
}

function link(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (skb.dst?.type === 'broadcast') return sendBroadcast(k, ns, dev, skb);
  if (isMulticast6(ipOf(skb).dst)) return sendToGroup(k, ns, dev, skb);
  sendVia(k, ns, dev, skb.dst?.nextHop ?? ipOf(skb).dst, skb);
}
