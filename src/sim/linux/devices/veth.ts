/** A veth pair, and a NIC with its cable: what goes in at one end comes out at the other (drivers/net/veth.c). */
import type { Device } from '../config.ts';
import { arrive, type Kernel } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import type { Skb } from '../skb.ts';

export function vethTransmit(_k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (dev.kind !== 'veth' && dev.kind !== 'nic') return;
  // Leaving the namespace, the packet forgets mark, flow and route (skb_scrub_packet).
  const bare: Skb = { ...skb, iif: undefined, dst: null, bridged: null, fragMaxBytes: 0 };
  if (dev.peer.ns !== ns.id) {
    bare.mark = 0;
    bare.ct = null;
    bare.ipvs = null;
  }
  arrive(_k, dev.peer.ns, dev.peer.dev, bare);
}

/** Loopback: it comes in again at once, flow and route and all (drivers/net/loopback.c). */
export function loopbackTransmit(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  arrive(k, ns.id, dev.name, { ...skb, bridged: null });
}
