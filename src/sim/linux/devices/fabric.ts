/**
 * A cloud's virtual network, where its machines' cables end. It is no Linux and no switch: it looks at the destination address of each
 * packet, and a route of its own table says to which machine it goes. It writes new MAC addresses and leaves the TTL alone, so nobody sees
 * it as a router (AWS: "implicit router"; Google Cloud: routes of a VPC network are applied by each machine's own virtual switch).
 * A route to a single address is none of the table: it is an address of a machine's network card, which the network knows and answers ARP
 * for, with the MAC of that card (AWS: mapping service, "A Day in the Life of a Billion Packets", re:Invent 2013).
 * SIMPLIFIED: first addresses of the machines are found as on a switch, by ARP and MAC; a real one answers for them, too.
 */
import type { Arp } from '../../wire/frame.ts';
import type { Device } from '../config.ts';
import { type Kernel, newPacketId, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { lookupRoute } from '../routing/fib.ts';
import { frameOf, makeSkb, type Skb } from '../skb.ts';
import { transmit } from '../transmit.ts';
import { fabricMac } from './fabric-mac.ts';

/** True: a route of the fabric's own took the packet, or the fabric answered it. */
export function fabricReceive(k: Kernel, ns: Netns, port: Device, skb: Skb): boolean {
  const fabric = ns.devices.get(port.master ?? '');
  if (fabric?.kind !== 'fabric') return false;
  if (skb.payload.kind === 'arp') return answerArp(k, ns, port, skb, skb.payload);
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

/** Everybody else is asked as on a switch. */
function answerArp(k: Kernel, ns: Netns, port: Device, skb: Skb, { op, tpa, spa, sha }: Arp): boolean {
  const config = op === 'who-has' ? k.configOf(ns.id) : undefined;
  const mac = config && fabricMac(k.configOf, config, tpa);
  if (mac === undefined) return false;
  const what = `ARP request for ${tpa}`;
  tell(k, ns, skb, { kind: 'deliver', to: 'icmp', socket: null, what }, frameOf(skb));
  const reply = makeSkb({
    id: newPacketId(k),
    payload: { kind: 'arp', op: 'is-at', sha: mac, spa: tpa, tha: sha, tpa: spa },
  });
  reply.smac = mac;
  reply.dmac = sha;
  tell(k, ns, reply, { kind: 'send', by: 'kernel', what: `ARP ${tpa} is at ${mac}`, answers: skb.id }, frameOf(reply));
  transmit(k, ns, port, reply);
  return true;
}
