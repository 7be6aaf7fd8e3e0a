/** A packet that is only passing through: TTL, MTU, FORWARD (net/ipv4/ip_forward.c; `ip6_forward`, net/ipv6/ip6_output.c). */
import { ttlName } from '../wire/frame.ts';
import { isLinkLocal } from '../wire/ip6.ts';
import type { Device } from './config.ts';
import { icmpError } from './icmp.ts';
import { drop, type Kernel, tell } from './kernel.ts';
import { runHook } from './netfilter/hooks.ts';
import type { Netns } from './netns.ts';
import { mayBeCut, output, pathMtu, tooBig } from './output.ts';
import { ipOf, type Skb } from './skb.ts';

export function forward(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  const packet = ipOf(skb);
  const out = skb.dst?.dev === undefined ? undefined : ns.devices.get(skb.dst.dev);
  if (skb.type !== 'host' || !out) return drop(k, ns, skb, 'OTHERHOST', 'a broadcast is not forwarded');
  if (packet.ttl <= 1) {
    icmpError(k, ns, skb, 'ttl-exceeded');
    return drop(k, ns, skb, 'TTL_EXPIRED', `${ns.id} would have to lower ${ttlName(packet)} ${packet.ttl} to 0`);
  }
  if (isLinkLocal(packet.src))
    return drop(k, ns, skb, 'IP_MARTIAN', `${packet.src} is an address of one link: nothing from it is passed on`);
  const mtu = pathMtu(ns, out, skb);
  const size = skb.fragMaxBytes > 0 ? skb.fragMaxBytes : packet.len;
  const isJoined = skb.joinedBytes > 0 && skb.fragMaxBytes === 0;
  if (size > mtu && !mayBeCut(packet) && !isJoined) return tooBig(k, ns, out, skb, mtu);
  skb.payload = { ...packet, ttl: packet.ttl - 1 };
  tell(k, ns, skb, { kind: 'ttl', before: packet.ttl, after: packet.ttl - 1 });
  if (runHook(k, ns, skb, 'FORWARD', dev.name, out.name)) output(k, ns, skb);
}
