/**
 * VXLAN and Geneve devices in collect-metadata mode (drivers/net/vxlan, drivers/net/geneve.c, RFC 7348, RFC 8926): one device for all
 * peers, without FDB, without neighbours, without a number of its own. The packet itself says where to (`skb_tunnel_info`).
 */
import { headerBytes, type Udp } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import type { Device } from '../config.ts';
import { arrive, drop, type Kernel, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { routeOutput, routeStep } from '../routing/route-output.ts';
import { frameOf, makeSkb, type Skb } from '../skb.ts';
import { flowOf } from './vxlan.ts';

const ETHERNET_BYTES = 14;
/** VXLAN and Geneve without options. */
const TUNNEL_BYTES = 8;
const UDP_BYTES = 8;
const ARP_BYTES = 28;

type ExternalTunnel = Extract<Device, { kind: 'vxlan-external' | 'geneve' }>;

const isExternal = (dev: Device): dev is ExternalTunnel => dev.kind === 'vxlan-external' || dev.kind === 'geneve';
const typeOf = (dev: ExternalTunnel): 'vxlan' | 'geneve' => (dev.kind === 'geneve' ? 'geneve' : 'vxlan');

/** Wraps the frame as it is: its Ethernet header stays what the sender wrote. The checksum is left out, as the program asked. */
export function externalTransmit(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (!isExternal(dev)) return;
  const key = skb.tunnel;
  if (!key)
    return drop(k, ns, skb, 'VXLAN_NO_REMOTE', `no program said where ${dev.name} should send this`, {
      kind: 'device',
      text: `${dev.name} external`,
      ...(dev.origin ? { origin: dev.origin } : {}),
    });
  const found = routeOutput(ns, key.remote);
  if (!found.ok)
    return drop(k, ns, skb, 'IP_OUTNOROUTES', `no route to the other end of the tunnel, ${key.remote}`, {
      kind: 'route',
      text: `${key.remote}: no route`,
    });
  const innerBytes = skb.payload.kind === 'ip' ? skb.payload.len : ARP_BYTES;
  const geneve = dev.kind === 'geneve' ? { geneve: true as const } : {};
  const udp: Udp = {
    proto: 'udp',
    sport: k.choices.tunnelPort(skb.flowKey ?? flowOf(skb)),
    dport: dev.dstPort,
    dataBytes: innerBytes + ETHERNET_BYTES + TUNNEL_BYTES,
    vxlan: { vni: key.id, ...geneve, inner: frameOf(skb) },
    ...(familyOf(key.remote) === 4 ? { checksum: 'none' as const } : {}),
  };
  const payload = {
    kind: 'ip',
    src: found.src,
    dst: key.remote,
    ttl: key.ttl,
    df: key.df === true && familyOf(key.remote) === 4,
    mf: false,
    fragOffset: 0,
    id: k.steps.length,
    len: udp.dataBytes + UDP_BYTES + headerBytes(key.remote),
    l4: udp,
  } as const;
  const outer = makeSkb({ id: skb.id, payload, flowKey: skb.flowKey });
  outer.mark = skb.mark;
  outer.iif = skb.iif === undefined ? undefined : dev.name;
  outer.outer = true;
  outer.dst = found.route;
  tell(k, ns, outer, { kind: 'encap', dev: dev.name, type: typeOf(dev), vni: key.id, src: found.src, dst: key.remote });
  tell(k, ns, outer, routeStep(key.remote, found.route));
  k.ops.localOut(k, ns, outer);
}

/** The far end takes every number; who reads it is the program on the device. False: no such tunnel owns the port. */
export function externalReceive(k: Kernel, ns: Netns, skb: Skb, udp: Udp): boolean {
  const dev = ns.config.devices.find((d): d is ExternalTunnel => isExternal(d) && d.up && d.dstPort === udp.dport);
  if (!dev || skb.payload.kind !== 'ip') return false;
  tell(k, ns, skb, { kind: 'deliver', to: 'tunnel', socket: null, what: `UDP port ${udp.dport}` });
  if (!udp.vxlan || (udp.vxlan.geneve === true) !== (dev.kind === 'geneve')) {
    drop(k, ns, skb, 'VXLAN_INVALID_HDR', `this is no ${typeOf(dev)} header`);
    return true;
  }
  const { inner, vni } = udp.vxlan;
  const inside = makeSkb({ id: skb.id, payload: inner.payload, flowKey: skb.flowKey });
  inside.smac = inner.smac;
  inside.dmac = inner.dmac;
  inside.tunnel = { id: vni, remote: skb.payload.src, ttl: skb.payload.ttl };
  tell(k, ns, inside, { kind: 'decap', dev: dev.name, type: typeOf(dev), vni }, inner);
  arrive(k, ns.id, dev.name, inside, `${ns.id}/${dev.name}`);
  return true;
}
