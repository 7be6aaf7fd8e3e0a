/**
 * IP-in-IP (RFC 2003; net/ipv4/ipip.c, ip_tunnel.c, tunnel4.c): a packet inside a packet of the node's own. No Ethernet inside, no port,
 * no MAC to look up.
 */
import type { IpInIp, IpPacket } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import type { Device } from '../config.ts';
import { icmpError } from '../icmp.ts';
import { arrive, culpritDevice, drop, type Kernel, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { tooBig } from '../output.ts';
import { routeOutput, routeStep } from '../routing/route-output.ts';
import { ipOf, makeSkb, type Skb } from '../skb.ts';

/** One more IPv4 header. */
export const IPIP_OVERHEAD_BYTES = 20;

type IpipDevice = Extract<Device, { kind: 'ipip' }>;

/** Puts the packet into another one to the tunnel's far end (`ip_tunnel_xmit`). */
export function ipipTransmit(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (dev.kind !== 'ipip') return;
  const packet = ipOf(skb);
  // `ipip_tunnel_xmit` takes IPv4 only.
  if (familyOf(packet.dst) === 6)
    return drop(k, ns, skb, 'IP_NOPROTO', `${dev.name} carries IPv4 only`, culpritDevice(dev, 'ipip'));
  const remote = dev.ipip.remote ?? skb.dst?.nextHop ?? packet.dst;
  const found = routeOutput(ns, remote);
  if (!found.ok || found.route.dev === dev.name)
    return drop(k, ns, skb, 'IP_OUTNOROUTES', `no route to the other end of the tunnel, ${remote}`, {
      kind: 'route',
      text: `${remote}: ${found.ok ? `would lead back into ${dev.name}` : 'no route'}`,
    });
  const lower = found.route.dev === undefined ? undefined : ns.devices.get(found.route.dev);
  const room = (lower?.mtuBytes ?? dev.mtuBytes + IPIP_OVERHEAD_BYTES) - IPIP_OVERHEAD_BYTES;
  // tnl_update_pmtu: only a packet that must not be cut is refused here; the others are cut with their envelope.
  if (packet.df && packet.len > room) return tooBig(k, ns, dev, skb, room);
  const src = dev.ipip.local ?? found.src;
  const outer = makeSkb({ id: skb.id, payload: envelope(k, dev, packet, src, remote), flowKey: skb.flowKey });
  outer.mark = skb.mark;
  outer.iif = skb.iif === undefined ? undefined : dev.name;
  outer.outer = true;
  outer.dst = found.route;
  tell(k, ns, outer, { kind: 'encap', dev: dev.name, type: 'ipip', src, dst: remote });
  tell(k, ns, outer, routeStep(remote, found.route));
  k.ops.localOut(k, ns, outer);
}

/** TTL and DF are copied from the packet inside, which has lost its hop already. */
function envelope(k: Kernel, dev: IpipDevice, inner: IpPacket, src: IpPacket['src'], dst: IpPacket['dst']): IpPacket {
  return {
    kind: 'ip',
    src,
    dst,
    ttl: dev.ipip.ttl ?? inner.ttl,
    df: inner.df,
    mf: false,
    fragOffset: 0,
    id: k.steps.length,
    len: inner.len + IPIP_OVERHEAD_BYTES,
    l4: { proto: 'ipencap', inner },
  };
}

/** Protocol 4 came in for one of our addresses (`tunnel4_rcv`, `ipip_rcv`): the device made for this sender, else the one for all. */
export function ipipReceive(k: Kernel, ns: Netns, skb: Skb, l4: IpInIp): void {
  const { src, dst } = ipOf(skb);
  const all = ns.config.devices.filter((device): device is IpipDevice => device.kind === 'ipip');
  const fits = ({ up, ipip: { local = dst, remote = src } }: IpipDevice): boolean =>
    up && local === dst && remote === src;
  const dev = all.find((device) => device.ipip.remote !== undefined && fits(device)) ?? all.find(fits);
  if (!dev) return refuse(k, ns, skb, all[0]);
  tell(k, ns, skb, { kind: 'deliver', to: 'tunnel', socket: null, what: 'IP protocol 4' });
  const inside = makeSkb({ id: skb.id, payload: l4.inner, flowKey: skb.flowKey });
  inside.mark = skb.mark;
  tell(k, ns, inside, { kind: 'decap', dev: dev.name, type: 'ipip' }, l4.inner);
  arrive(k, ns.id, dev.name, inside, `${ns.id}/${dev.name}`);
}

/** With the tunnel module loaded, but no device up: port unreachable. Without it nobody knows the protocol. */
function refuse(k: Kernel, ns: Netns, skb: Skb, dev: IpipDevice | undefined): void {
  icmpError(k, ns, skb, dev ? 'port-closed' : 'protocol-unknown');
  if (dev) drop(k, ns, skb, 'DEV_DOWN', `${dev.name} is down, so nobody takes IP-in-IP packets`, culpritDevice(dev));
  else
    drop(k, ns, skb, 'IP_NOPROTO', `${ns.id} has no IP-in-IP tunnel`, {
      kind: 'device',
      text: `${ns.id}: no device of type ipip`,
    });
}
