/** A frame arrives at a device: up to the bridge that owns the device, or to ARP and IP (net/core/dev.c, net/ipv4/ip_input.c). */
import { isIp } from '../wire/frame.ts';
import { familyOf, type Ip } from '../wire/ip.ts';
import { ALL_NODES, solicitedNode } from '../wire/ip6.ts';
import { runTcHook } from './bpf/tc.ts';
import type { Device } from './config.ts';
import { deliver } from './deliver.ts';
import { bridgeReceive } from './devices/bridge.ts';
import { fabricReceive } from './devices/fabric.ts';
import { datapathReceive } from './devices/openvswitch.ts';
import { forward } from './forward.ts';
import { icmpError } from './icmp.ts';
import { type Arrival, culpritDevice, drop, type Kernel, netnsOf, tell } from './kernel.ts';
import { arpReceive } from './neighbour/resolve.ts';
import { runHook } from './netfilter/hooks.ts';
import type { Netns } from './netns.ts';
import { forwardingSysctl, forwardsFrom } from './routing/forwarding.ts';
import { routeInput } from './routing/route-input.ts';
import { frameOf, ipOf, type Skb } from './skb.ts';
import { capturedAt, typeFor } from './transmit.ts';

/** Frames come in: each is seen at its device first, then goes up (`netif_receive_skb_list`). */
export function receive(k: Kernel, arrivals: readonly Arrival[]): void {
  const seen = arrivals.flatMap((arrival) => {
    const ns = netnsOf(k, arrival.ns);
    const dev = ns?.devices.get(arrival.dev);
    return ns && dev && comeIn(k, ns, dev, arrival.skb) ? [{ ns, dev, skb: arrival.skb }] : [];
  });
  for (const { ns, dev, skb } of seen) {
    if (!runTcHook(k, ns, dev, skb, 'tc ingress')) continue;
    if (ns.devices.get(dev.master ?? '')?.kind === 'openvswitch') datapathReceive(k, ns, dev, skb);
    else if (fabricReceive(k, ns, dev, skb)) continue;
    else if (dev.master !== undefined) bridgeReceive(k, ns, dev, skb, (bridge, up) => passUp(k, ns, bridge, up));
    else protocolReceive(k, ns, dev, skb);
  }
}

function comeIn(k: Kernel, ns: Netns, dev: Device, skb: Skb): boolean {
  skb.dev = dev.name;
  skb.iif = dev.name;
  skb.type = typeFor(dev, skb.dmac);
  if (dev.up) tell(k, ns, skb, { kind: 'dev', dev: dev.name, dir: 'in' }, capturedAt(dev, skb));
  else drop(k, ns, skb, 'DEV_DOWN', `${dev.name} is down`, culpritDevice(dev));
  return dev.up;
}

/** A bridge hands a frame to its own node: it now arrives at the bridge device. */
function passUp(k: Kernel, ns: Netns, bridge: Device, skb: Skb): void {
  tell(k, ns, skb, { kind: 'hook', family: 'bridge', hook: 'INPUT', iif: skb.iif ?? bridge.name });
  skb.dev = bridge.name;
  skb.iif = bridge.name;
  // IP begins with an empty note of its own, and forgets how long the pieces were that the bridge's hooks joined (`ip_rcv_core`).
  skb.fragMaxBytes = 0;
  tell(k, ns, skb, { kind: 'dev', dev: bridge.name, dir: 'in' }, frameOf(skb));
  protocolReceive(k, ns, bridge, skb);
}

function protocolReceive(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (isIp(skb.payload)) ipReceive(k, ns, dev, skb);
  else if (skb.type !== 'otherhost') arpReceive(k, ns, dev, skb);
}

/** `ip_rcv`: PREROUTING, the routing decision, then delivery or forwarding. */
function ipReceive(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (skb.type === 'otherhost')
    return drop(k, ns, skb, 'OTHERHOST', `the frame is for ${skb.dmac}, not for ${dev.name}`);
  // The bridge has already run PREROUTING for this packet: it runs once (ip_sabotage_in).
  if (skb.bridged) skb.bridged = null;
  else if (!runHook(k, ns, skb, 'PREROUTING', dev.name)) return;
  if (!skb.dst && !routeInput(k, ns, skb, dev)) return;
  dispatch(k, ns, dev, skb);
}

function dispatch(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  const { dst } = ipOf(skb);
  const route = skb.dst;
  switch (route?.type) {
    case 'local':
    case 'broadcast':
      return deliver(k, ns, dev, skb);
    case 'multicast':
      return hears(ns, dev, dst) ? deliver(k, ns, dev, skb) : notForUs(k, ns, skb);
    case 'unicast':
      return forward(k, ns, dev, skb);
    case 'blackhole':
      return drop(k, ns, skb, 'IP_BLACKHOLE', `the route to ${dst} is a blackhole`, {
        kind: 'route',
        text: `blackhole ${route.route?.dst.text ?? dst}`,
        ...(route.route?.origin ? { origin: route.route.origin } : {}),
      });
    default:
      return unroutable(k, ns, dev, skb);
  }
}

/** Groups that a device has joined: of all nodes, and of each of its addresses (`ipv6_chk_mcast_addr`). */
const hears = (ns: Netns, dev: Device, group: Ip): boolean =>
  group === ALL_NODES || ns.addresses6.some((a) => a.dev === dev.name && solicitedNode(a.ip) === group);

function notForUs(k: Kernel, ns: Netns, skb: Skb): void {
  const what = `${ns.id} is not in the group ${ipOf(skb).dst}`;
  tell(k, ns, skb, { kind: 'deliver', to: 'nobody', socket: null, what });
}

/** `ip_error`: a router says that it cannot; a machine that does not forward says nothing. */
function unroutable(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  const { dst } = ipOf(skb);
  // A machine that is no router still answers for IPv6 that it has no route (`ip6_pkt_discard`).
  const hasWay = familyOf(dst) === 4 || skb.dst?.route?.type === 'unicast';
  if (hasWay && !forwardsFrom(ns, dev.name, dst))
    return drop(k, ns, skb, 'IP_FORWARDING_OFF', `${dst} is not an address of ${ns.id}, which does not forward`, {
      kind: 'sysctl',
      text: `net.${forwardingSysctl(dst)} = 0`,
    });
  const type = skb.dst?.type;
  icmpError(
    k,
    ns,
    skb,
    type === 'prohibit' ? 'route-prohibited' : type === 'unreachable' ? 'route-unreachable' : 'no-route',
  );
  drop(k, ns, skb, 'IP_INNOROUTES', `no route to ${dst}`, { kind: 'route', text: `${dst}: no route in table main` });
}
