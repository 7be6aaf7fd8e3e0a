/** VXLAN (RFC 7348, drivers/net/vxlan): a frame inside a UDP packet of the node's own. */

import { hash32 } from '../../base/rng.ts';
import { headerBytes, type Udp } from '../../wire/frame.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import { isGroupMac } from '../../wire/mac.ts';
import type { Device, FdbEntry } from '../config.ts';
import { arrive, drop, type Kernel, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { routeOutput, routeStep } from '../routing/route-output.ts';
import { cloneSkb, frameOf, ipOf, makeSkb, type Skb } from '../skb.ts';

const UDP_BYTES = 8;
/** Of the VXLAN header. */
const VXLAN_BYTES = 8;
const ETHERNET_BYTES = 14;

/** Inner Ethernet 14 + VXLAN 8 + UDP 8 + IPv4 20 or IPv6 40: what a tunnel adds to the IP length of what it carries. */
export const vxlanOverhead = (remote: Ip): number => ETHERNET_BYTES + VXLAN_BYTES + UDP_BYTES + headerBytes(remote);

/** An ARP message in an Ethernet frame. */
const ARP_BYTES = 28;

type VxlanDevice = Extract<Device, { kind: 'vxlan' }>;

/** Looks up which machine the inner MAC lives on, and sends the outer packet there (`vxlan_xmit`). */
export function vxlanTransmit(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (dev.kind !== 'vxlan') return;
  const written =
    ns.fdb.get(`${dev.name}|${skb.dmac}`) ??
    (isGroupMac(skb.dmac) ? (ns.fdb.get(`${dev.name}|00:00:00:00:00:00`) ?? []) : []);
  const first = written[0];
  if (!first) {
    tell(k, ns, skb, { kind: 'fdb', dev: dev.name, mac: skb.dmac, decision: 'none', entry: null }, frameOf(skb));
    return drop(
      k,
      ns,
      skb,
      'VXLAN_NO_REMOTE',
      `${dev.name} has no FDB entry that says which machine ${skb.dmac} is on`,
      { kind: 'fdb', text: `${skb.dmac} dev ${dev.name}: no entry` },
    );
  }
  for (const entry of written) encapsulate(k, ns, dev, cloneSkb(skb), entry);
}

function encapsulate(k: Kernel, ns: Netns, dev: VxlanDevice, skb: Skb, entry: FdbEntry): void {
  const { vni, local, dstPort, udpChecksum } = dev.vxlan;
  if (entry.dst === undefined) return;
  tell(
    k,
    ns,
    skb,
    { kind: 'fdb', dev: dev.name, mac: skb.dmac, decision: 'remote', dst: entry.dst, entry },
    frameOf(skb),
  );
  const found = routeOutput(ns, entry.dst);
  if (!found.ok)
    return drop(k, ns, skb, 'IP_OUTNOROUTES', `no route to the other end of the tunnel, ${entry.dst}`, {
      kind: 'route',
      text: `${entry.dst}: no route`,
    });
  const innerBytes = skb.payload.kind === 'ip' ? ipOf(skb).len : ARP_BYTES;
  const udp: Udp = {
    proto: 'udp',
    sport: k.choices.tunnelPort(skb.flowKey ?? flowOf(skb)),
    dport: dstPort,
    dataBytes: innerBytes + ETHERNET_BYTES + VXLAN_BYTES,
    vxlan: { vni, inner: frameOf(skb) },
    // Over IPv6 there is one unless `udp6zerocsumtx` says otherwise: the IP header has none (RFC 8200 section 8.1).
    ...(udpChecksum || familyOf(entry.dst) === 6 ? {} : { checksum: 'none' as const }),
  };
  // The outer header starts afresh: own TTL, and DF unset whatever the inner packet says.
  const payload = {
    kind: 'ip',
    src: local,
    dst: entry.dst,
    ttl: ns.sysctl['ipv4.ip_default_ttl'],
    df: false,
    mf: false,
    fragOffset: 0,
    id: k.steps.length,
    len: udp.dataBytes + UDP_BYTES + headerBytes(entry.dst),
    l4: udp,
  } as const;
  const outer = makeSkb({ id: skb.id, payload, flowKey: skb.flowKey });
  outer.mark = skb.mark;
  outer.iif = skb.iif === undefined ? undefined : dev.name;
  outer.outer = true;
  outer.dst = found.route;
  tell(k, ns, outer, { kind: 'encap', dev: dev.name, type: 'vxlan', vni, src: local, dst: entry.dst });
  tell(k, ns, outer, routeStep(entry.dst, found.route));
  k.ops.localOut(k, ns, outer);
}

/**
 * Flows without a socket's hash are hashed from their addresses, the same in both directions (`__flow_hash_consistentify`); of IPv6 from
 * the flow label too, which each side chooses for itself (`auto_flowlabels`).
 */
export function flowOf(skb: Skb): string {
  if (skb.payload.kind !== 'ip') return `arp|${skb.smac}`;
  const { src, dst, l4 } = skb.payload;
  const ends = 'sport' in l4 ? [`${src}:${l4.sport}`, `${dst}:${l4.dport}`] : [src, dst];
  return `${l4.proto}|${(familyOf(dst) === 6 ? ends : ends.sort()).join('|')}`;
}

/**
 * The far end: an outer packet reached the tunnel's UDP port. False: no tunnel here owns that port (`vxlan_rcv`). A device has a socket of
 * the family of its own end (`__vxlan_sock_add`), so that two may have one port and one number.
 */
export function vxlanReceive(k: Kernel, ns: Netns, skb: Skb, udp: Udp): boolean {
  const family = familyOf(ipOf(skb).dst);
  const tunnels = ns.config.devices.filter(
    (d): d is VxlanDevice =>
      d.kind === 'vxlan' && d.up && d.vxlan.dstPort === udp.dport && familyOf(d.vxlan.local) === family,
  );
  if (tunnels.length === 0) return false;
  tell(k, ns, skb, { kind: 'deliver', to: 'tunnel', socket: null, what: `UDP port ${udp.dport}` });
  const dev = tunnels.find((d) => d.vxlan.vni === udp.vxlan?.vni);
  if (!dev || !udp.vxlan) {
    drop(k, ns, skb, 'VXLAN_INVALID_HDR', 'no tunnel here has this network identifier');
    return true;
  }
  const { inner } = udp.vxlan;
  const inside = makeSkb({ id: skb.id, payload: inner.payload, flowKey: skb.flowKey });
  inside.smac = inner.smac;
  inside.dmac = inner.dmac;
  inside.mark = skb.mark;
  tell(k, ns, inside, { kind: 'decap', dev: dev.name, type: 'vxlan', vni: dev.vxlan.vni }, inner);
  arrive(k, ns.id, dev.name, inside, `${ns.id}/${dev.name}`);
  return true;
}

/** A UDP port in `ip_local_port_range` for a flow (`udp_flow_src_port`). */
export function tunnelPortOf(flowKey: string): number {
  return 32768 + (hash32(flowKey) % (60999 - 32768 + 1));
}
