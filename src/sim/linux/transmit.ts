/** The last step of sending: the next hop's MAC, then the device (net/core/neighbour.c, net/core/dev.c). */

import type { Frame, IpPacket } from '../wire/frame.ts';
import type { Ip } from '../wire/ip.ts';
import { multicastMac } from '../wire/ip6.ts';
import { BROADCAST_MAC, isGroupMac, type Mac, ZERO_MAC } from '../wire/mac.ts';
import { runTcHook } from './bpf/tc.ts';
import type { Device } from './config.ts';
import { culpritDevice, drop, hasCarrier, type Kernel, tell } from './kernel.ts';
import { resolve } from './neighbour/resolve.ts';
import type { Netns } from './netns.ts';
import { frameOf, ipOf, type Skb } from './skb.ts';

/** Hands a frame to a device: a capture on it sees the frame now. */
export function transmit(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  skb.dev = dev.name;
  if (!dev.up) return drop(k, ns, skb, 'DEV_DOWN', `${dev.name} is down`, culpritDevice(dev));
  if (!hasCarrier(k, dev))
    return drop(
      k,
      ns,
      skb,
      'NO_CARRIER',
      `${dev.name} has no carrier: its other end is down`,
      culpritDevice(dev, 'NO-CARRIER'),
    );
  if (!runTcHook(k, ns, dev, skb, 'tc egress')) return;
  tell(k, ns, skb, { kind: 'dev', dev: dev.name, dir: 'out' }, capturedAt(dev, skb));
  k.ops.transmit[dev.kind](k, ns, dev, skb);
}

/** What a capture shows: on a device without a link layer the bare packet. */
export function capturedAt(dev: Device, skb: Skb): Frame | IpPacket {
  return dev.kind === 'ipip' && skb.payload.kind === 'ip' ? skb.payload : frameOf(skb);
}

/** Finds the MAC for the next hop, puts the Ethernet header on and sends. A packet may have to wait for ARP. */
export function sendVia(k: Kernel, ns: Netns, dev: Device, nextHop: Ip, skb: Skb): void {
  resolve(k, ns, dev, nextHop, skb, (mac) => {
    skb.smac = dev.mac;
    skb.dmac = mac;
    transmit(k, ns, dev, skb);
  });
}

export function sendBroadcast(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  skb.smac = dev.mac;
  skb.dmac = BROADCAST_MAC;
  transmit(k, ns, dev, skb);
}

/** A group has a MAC of its own: nobody is asked. */
export function sendToGroup(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  skb.smac = dev.mac;
  skb.dmac = multicastMac(ipOf(skb).dst);
  transmit(k, ns, dev, skb);
}

/** What the link layer says about an arriving frame (`eth_type_trans`). */
export function typeFor(dev: Device, dmac: Mac): Skb['type'] {
  if (dmac === dev.mac || dev.kind === 'loopback' || dmac === ZERO_MAC) return 'host';
  return isGroupMac(dmac) ? 'broadcast' : 'otherhost';
}
