/**
 * Neighbour discovery (RFC 4861, net/ipv6/ndisc.c): what ARP is to IPv4, but in packets of its own that meet every hook. SIMPLIFIED: no
 * routers that announce themselves, no duplicate address detection, no probes of what is known already.
 */
import { headerBytes, type Icmp, type NeighbourDiscovery } from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';
import { NDP_HOP_LIMIT, solicitedNode } from '../../wire/ip6.ts';
import type { Device } from '../config.ts';
import { type Kernel, tell } from '../kernel.ts';
import { makeOnLink } from '../local.ts';
import type { LearnedNeighbour } from '../memory.ts';
import type { Netns } from '../netns.ts';
import { lookupRoute } from '../routing/fib.ts';
import { linkLocalOn } from '../routing/source6.ts';
import { ipOf, type Skb } from '../skb.ts';
import type { PacketId } from '../step.ts';
import { learn } from './entry.ts';

const SOLICITATION = 135;
const ADVERTISEMENT = 136;
/** Header, target and the option with the sender's MAC. */
const NDP_BYTES = 32;

/** Asks the group of those whose addresses end alike who has `ip`. */
export function solicit(k: Kernel, ns: Netns, dev: Device, ip: Ip, entry: LearnedNeighbour): void {
  const from = askerOf(ns, dev, entry.queue[0]);
  if (from === undefined) return;
  const what = `ICMPv6 neighbor solicitation: who has ${ip}`;
  send(k, ns, dev, { to: solicitedNode(ip), from, type: SOLICITATION, target: ip, what });
}

/** From the address of the packet that waits, if it is one of the device; else from the device's link-local one (`ndisc_solicit`). */
function askerOf(ns: Netns, dev: Device, first: Skb | undefined): Ip | undefined {
  const src = first?.payload.kind === 'ip' ? first.payload.src : undefined;
  const own = ns.addresses6.find((a) => a.dev === dev.name && a.ip === src);
  return own?.ip ?? linkLocalOn(ns, dev.name);
}

interface Message {
  readonly to: Ip;
  readonly from: Ip;
  readonly type: number;
  readonly target: Ip;
  readonly what: string;
  readonly answers?: PacketId;
}

function send(k: Kernel, ns: Netns, dev: Device, { type, target, ...message }: Message): void {
  const l4: Icmp = {
    proto: 'ipv6-icmp',
    type,
    code: 0,
    id: 0,
    seq: 0,
    dataBytes: NDP_BYTES - 8,
    ndp: { target, lladdr: dev.mac },
  };
  const len = headerBytes(message.to) + NDP_BYTES;
  const packet = { ...message, l4, len, df: false, ttl: NDP_HOP_LIMIT, by: 'kernel' };
  k.ops.localOut(k, ns, makeOnLink(k, ns, dev.name, packet));
}

/** A question or an answer came in: answer for our own addresses, learn from answers and from those who ask us. */
export function ndpReceive(
  k: Kernel,
  ns: Netns,
  dev: Device,
  skb: Skb,
  icmp: Icmp & { readonly ndp: NeighbourDiscovery },
): void {
  const { target, lladdr } = icmp.ndp;
  const { src } = ipOf(skb);
  const isQuestion = icmp.type === SOLICITATION;
  const forUs = !isQuestion || lookupRoute(ns, target, dev.name).type === 'local';
  const about = isQuestion ? src : target;
  const key = `${dev.name}|${about}`;
  const entry = ns.memory.neighbours.get(key);
  const what = isQuestion
    ? `ICMPv6 neighbor solicitation for ${target}`
    : `ICMPv6 neighbor advertisement: ${target} is at ${lladdr}`;
  tell(k, ns, skb, { kind: 'deliver', to: forUs ? 'icmp' : 'nobody', socket: null, what });
  const isNews = entry !== undefined || (isQuestion && !ns.neighbours.has(key));
  if (forUs && isNews && lladdr !== undefined) learn(ns, key, entry, lladdr);
  if (!forUs || !isQuestion) return;
  send(k, ns, dev, {
    to: src,
    from: target,
    type: ADVERTISEMENT,
    target,
    what: `ICMPv6 neighbor advertisement: ${target} is at ${dev.mac}`,
    answers: skb.id,
  });
}
