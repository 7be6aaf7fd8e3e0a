/**
 * From an IP address on a link to a MAC: written entries, learned ones, or ARP with its waiting and giving up (RFC 826, net/ipv4/arp.c).
 * IPv6 waits and gives up likewise, and asks otherwise (`ndp.ts`).
 */
import type { Arp } from '../../wire/frame.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import { BROADCAST_MAC, type Mac, ZERO_MAC } from '../../wire/mac.ts';
import type { Device } from '../config.ts';
import { after, drop, type Kernel, newPacketId, tell } from '../kernel.ts';
import type { LearnedNeighbour } from '../memory.ts';
import type { Netns } from '../netns.ts';
import { selectAddress } from '../routing/fib.ts';
import { frameOf, makeSkb, type Skb } from '../skb.ts';
import { warmNeighbour } from '../warm.ts';
import { learn, waitWith } from './entry.ts';
import { solicit as solicitNdp } from './ndp.ts';
import { answersFor } from './proxy-arp.ts';

/** `mcast_solicit` and `retrans_time_ms`. */
export const ARP_PROBES_MAX = 3;
const ARP_RETRY_NS = 1_000_000_000;
/** `unres_qlen`, in packets of usual size. */
const QUEUE_MAX = 101;

/** Calls `go` with the MAC: at once when it is known, later when ARP answers, never when nobody does. */
export function resolve(k: Kernel, ns: Netns, dev: Device, ip: Ip, skb: Skb, go: (mac: Mac) => void): void {
  if (dev.kind === 'loopback') return go(ZERO_MAC);
  if (dev.noarp || dev.kind === 'ipip') {
    tell(k, ns, skb, { kind: 'neighbour', dev: dev.name, ip, mac: dev.mac, state: 'NOARP', entry: null });
    return go(dev.mac);
  }
  const key = `${dev.name}|${ip}`;
  const written = ns.neighbours.get(key);
  if (written) {
    tell(k, ns, skb, { kind: 'neighbour', dev: dev.name, ip, mac: written.mac, state: 'PERMANENT', entry: written });
    return go(written.mac);
  }
  const known = ns.memory.neighbours.get(key) ?? recall(k, ns, dev, ip, key);
  if (known?.state === 'REACHABLE' && known.mac !== null) {
    tell(k, ns, skb, { kind: 'neighbour', dev: dev.name, ip, mac: known.mac, state: 'REACHABLE', entry: null });
    return go(known.mac);
  }
  tell(k, ns, skb, { kind: 'neighbour', dev: dev.name, ip, mac: null, state: 'INCOMPLETE', entry: null });
  waitWith(skb, go);
  if (known?.state === 'INCOMPLETE') {
    if (known.queue.length < QUEUE_MAX) known.queue.push(skb);
    return;
  }
  const entry: LearnedNeighbour = { state: 'INCOMPLETE', mac: null, probes: 0, queue: [skb] };
  ns.memory.neighbours.set(key, entry);
  solicit(k, ns, dev, ip, entry);
}

/** In a warm world an earlier packet has asked already. */
function recall(k: Kernel, ns: Netns, dev: Device, ip: Ip, key: string): LearnedNeighbour | undefined {
  const mac = k.warm && dev.kind !== 'vxlan' ? warmNeighbour(k, ns, dev, ip) : undefined;
  if (mac === undefined) return undefined;
  const entry: LearnedNeighbour = { state: 'REACHABLE', mac, probes: 0, queue: [] };
  ns.memory.neighbours.set(key, entry);
  return entry;
}

function solicit(k: Kernel, ns: Netns, dev: Device, ip: Ip, entry: LearnedNeighbour): void {
  if (entry.state !== 'INCOMPLETE') return;
  if (entry.probes >= ARP_PROBES_MAX) return giveUp(k, ns, dev, ip, entry);
  entry.probes += 1;
  after(k, ARP_RETRY_NS, () => solicit(k, ns, dev, ip, entry));
  if (familyOf(ip) === 6) return solicitNdp(k, ns, dev, ip, entry);
  const spa = selectAddress(ns, dev.name, ip);
  if (spa === undefined) return;
  const ask: Arp = { kind: 'arp', op: 'who-has', sha: dev.mac, spa, tha: ZERO_MAC, tpa: ip };
  const skb = makeSkb({ id: newPacketId(k), payload: ask });
  skb.smac = dev.mac;
  skb.dmac = BROADCAST_MAC;
  tell(k, ns, skb, { kind: 'send', by: 'kernel', what: `ARP who has ${ip}` }, frameOf(skb));
  transmitFrame(k, ns, dev, skb);
}

/** Nobody answered: every waiting packet dies here, and its sender hears "host unreachable". */
function giveUp(k: Kernel, ns: Netns, dev: Device, ip: Ip, entry: LearnedNeighbour): void {
  entry.state = 'FAILED';
  for (const skb of entry.queue.splice(0)) {
    tell(k, ns, skb, { kind: 'neighbour', dev: dev.name, ip, mac: null, state: 'FAILED', entry: null });
    drop(k, ns, skb, 'NEIGH_FAILED', `nobody on ${dev.name} answered for ${ip}`, {
      kind: 'neighbour',
      text: `${ip} dev ${dev.name} FAILED`,
    });
    k.ops.linkFailure(k, ns, skb);
  }
}

/** An ARP message came in: answer for our own addresses and those we stand in for, learn from answers and from those who ask us. */
export function arpReceive(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  const arp = skb.payload;
  if (arp.kind !== 'arp') return;
  const forUs = answersFor(ns, dev, arp.tpa);
  const key = `${dev.name}|${arp.spa}`;
  const entry = ns.memory.neighbours.get(key);
  if (entry || (forUs && arp.op === 'who-has' && !ns.neighbours.has(key))) learn(ns, key, entry, arp.sha);
  tell(
    k,
    ns,
    skb,
    {
      kind: 'deliver',
      to: forUs ? 'icmp' : 'nobody',
      socket: null,
      what: arp.op === 'who-has' ? `ARP request for ${arp.tpa}` : `ARP reply: ${arp.spa} is at ${arp.sha}`,
    },
    frameOf(skb),
  );
  if (arp.op !== 'who-has') return;
  if (forUs) answer(k, ns, dev, skb, arp, 'kernel');
  // A packet socket gets a copy of what comes in, whatever the kernel does with it.
  const responder = ns.config.arpResponders?.find((one) => one.dev === dev.name && one.ip === arp.tpa);
  if (responder) answer(k, ns, dev, skb, arp, responder.program);
}

function answer(k: Kernel, ns: Netns, dev: Device, asked: Skb, { sha, spa, tpa }: Arp, by: string): void {
  const payload: Arp = { kind: 'arp', op: 'is-at', sha: dev.mac, spa: tpa, tha: sha, tpa: spa };
  const reply = makeSkb({ id: newPacketId(k), payload });
  reply.smac = dev.mac;
  reply.dmac = sha;
  tell(k, ns, reply, { kind: 'send', by, what: `ARP ${tpa} is at ${dev.mac}`, answers: asked.id }, frameOf(reply));
  transmitFrame(k, ns, dev, reply);
}

/** ARP goes straight to the device; it has no next hop to resolve. */
function transmitFrame(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (!dev.up) return;
  skb.dev = dev.name;
  tell(k, ns, skb, { kind: 'dev', dev: dev.name, dir: 'out' }, frameOf(skb));
  k.ops.transmit[dev.kind](k, ns, dev, skb);
}
