/** A packet on its way through one kernel: the headers plus what the kernel remembers about it (`struct sk_buff`). */
import type { Arp, Frame, IpPacket } from '../wire/frame.ts';
import type { Ip } from '../wire/ip.ts';
import { type Mac, ZERO_MAC } from '../wire/mac.ts';
import type { IpvsConnection } from './ipvs/connection.ts';
import type { CtRef } from './netfilter/conntrack.ts';
import type { RouteResult } from './routing/fib.ts';
import type { PacketId } from './step.ts';

/** What a tunnel in collect-metadata mode needs to know of one packet, or knew of it (`struct bpf_tunnel_key`). */
export interface TunnelKey {
  /** The number in the tunnel's header. */
  readonly id: number;
  /** The other end. */
  readonly remote: Ip;
  readonly ttl: number;
  readonly df?: true;
}

export interface Skb {
  readonly id: PacketId;
  payload: IpPacket | Arp;
  smac: Mac;
  dmac: Mac;
  /** The device it is at. */
  dev: string;
  /** The device it came in by; undefined for packets that this namespace makes. */
  iif: string | undefined;
  mark: number;
  ct: CtRef | null;
  /** Whom the link layer says it is for (`pkt_type`). */
  type: 'host' | 'broadcast' | 'otherhost';
  /** The IPVS connection that translated it: IPVS leaves it alone from then on (`ipvs_property`). */
  ipvs: IpvsConnection | null;
  /** Set while br_netfilter lends a bridged frame to the IP hooks. */
  bridged: { readonly physIn: string; physOut?: string } | null;
  /** The bridge port by which it came and was lent: br_netfilter remembers it beyond the bridge. */
  physIn: string | undefined;
  /** The routing decision, once made. */
  dst: RouteResult | null;
  /** Size in bytes of the largest fragment that conntrack joined; 0 when it was whole. */
  fragMaxBytes: number;
  /** The largest of the pieces that conntrack joined here: they hang together still, and may be cut again, of whatever family (`ignore_df`). */
  joinedBytes: number;
  /** The pieces that were joined, counted, so that they can be told. */
  outer: boolean;
  /** What the sender's socket hashes to; a tunnel takes its source port from it. Absent: from the addresses. */
  flowKey: string | undefined;
  /** Set by a program for the way into a tunnel, and by the tunnel on the way out. */
  tunnel: TunnelKey | null;
}

export interface SkbInit {
  readonly id: PacketId;
  readonly payload: IpPacket | Arp;
  readonly flowKey?: string | undefined;
}

export function makeSkb(init: SkbInit): Skb {
  return {
    id: init.id,
    payload: init.payload,
    smac: ZERO_MAC,
    dmac: ZERO_MAC,
    dev: '',
    iif: undefined,
    mark: 0,
    ct: null,
    type: 'host',
    ipvs: null,
    bridged: null,
    physIn: undefined,
    dst: null,
    fragMaxBytes: 0,
    joinedBytes: 0,
    outer: false,
    flowKey: init.flowKey,
    tunnel: null,
  };
}

/** A copy that can be sent elsewhere (flooding, fragments); `payload` may differ. */
export function cloneSkb(skb: Skb, payload: IpPacket | Arp = skb.payload): Skb {
  return { ...skb, payload, bridged: skb.bridged ? { ...skb.bridged } : null };
}

/** The IP packet of a buffer that is known to hold one. */
export function ipOf(skb: Skb): IpPacket {
  if (skb.payload.kind !== 'ip') throw new Error('Broken invariant: an IP packet was expected');
  return skb.payload;
}

export function frameOf(skb: Skb): Frame {
  return { smac: skb.smac, dmac: skb.dmac, payload: skb.payload };
}
