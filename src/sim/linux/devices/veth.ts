/** A veth pair, and a NIC with its cable: what goes in at one end comes out at the other (drivers/net/veth.c). */
import type { Device } from '../config.ts';
import { arrive, culpritDevice, drop, type Kernel } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import type { Skb } from '../skb.ts';

/** What a receiver takes beyond its MTU, besides the Ethernet header: a VLAN tag (net/core/dev.c `____dev_forward_skb`). */
const VLAN_HEADER_BYTES = 4;

export function vethTransmit(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (dev.kind !== 'veth' && dev.kind !== 'nic') return;
  const far = k.configOf(dev.peer.ns)?.devices.find(({ name }) => name === dev.peer.dev);
  if (far && skb.payload.kind === 'ip' && skb.payload.len > far.mtuBytes + VLAN_HEADER_BYTES)
    return drop(
      k,
      ns,
      skb,
      'RX_TOO_BIG',
      `${far.name} of ${dev.peer.ns} takes packets of ${far.mtuBytes} bytes, and this one has ${skb.payload.len}`,
      culpritDevice(far, `mtu ${far.mtuBytes}`),
    );
  // Leaving the namespace, the packet forgets mark, flow and route (skb_scrub_packet).
  const bare: Skb = {
    ...skb,
    iif: undefined,
    dst: null,
    bridged: null,
    physIn: undefined,
    fragMaxBytes: 0,
    joinedBytes: 0,
  };
  if (dev.peer.ns !== ns.id) {
    bare.mark = 0;
    bare.ct = null;
    bare.ipvs = null;
  }
  arrive(k, dev.peer.ns, dev.peer.dev, bare);
}

/** Loopback: it comes in again at once, flow and route and all (drivers/net/loopback.c). */
export function loopbackTransmit(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  arrive(k, ns.id, dev.name, { ...skb, bridged: null });
}
