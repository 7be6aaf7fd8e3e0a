/**
 * A cloud's virtual network, where its machines' cables end. It is no Linux and no switch: it looks at the destination address of each
 * packet, and a route of its own table says to which machine it goes. It writes new MAC addresses and leaves the TTL alone, so nobody sees
 * it as a router (AWS: "implicit router"; Google Cloud: routes of a VPC network are applied by each machine's own virtual switch).
 * SIMPLIFIED: addresses of the machines themselves are found as on a switch, by ARP and MAC; a real one answers ARP itself.
 */
import type { Device } from '../config.ts';
import { type Kernel, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { lookupRoute } from '../routing/fib.ts';
import { frameOf, type Skb } from '../skb.ts';
import { transmit } from '../transmit.ts';

/** True: a route of the fabric's own took the packet. */
export function fabricReceive(k: Kernel, ns: Netns, port: Device, skb: Skb): boolean {
  const fabric = ns.devices.get(port.master ?? '');
  if (fabric?.kind !== 'fabric' || skb.payload.kind !== 'ip') return false;
  const { dst } = skb.payload;
  const found = lookupRoute(ns, dst);
  const out = found.dev === undefined ? undefined : ns.devices.get(found.dev);
  if (found.type !== 'unicast' || out?.kind !== 'nic') return false;
  const { route, nextHop } = found;
  const machine = k.configOf(out.peer.ns)?.devices.find(({ name }) => name === out.peer.dev);
  tell(
    k,
    ns,
    skb,
    { kind: 'route', direction: 'input', dst, decision: 'forward', table: 'main', route, nextHop, dev: out.name },
    frameOf(skb),
  );
  transmit(k, ns, out, { ...skb, smac: fabric.mac, dmac: machine?.mac ?? skb.dmac });
  return true;
}
