/**
 * A Linux bridge, and br_netfilter, which lends bridged IP frames to the IP hooks (net/bridge/br_input.c, br_forward.c,
 * br_netfilter_hooks.c). Flannel's cni0 is one; so is the switch between the nodes.
 */
import { type IpPacket, isIp } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { isGroupMac } from '../../wire/mac.ts';
import type { Device } from '../config.ts';
import { culpritDevice, drop, hasCarrier, type Kernel, tell } from '../kernel.ts';
import { resolve } from '../neighbour/resolve.ts';
import { runHook } from '../netfilter/hooks.ts';
import type { Netns } from '../netns.ts';
import { sendPieces } from '../output.ts';
import { cut } from '../reassembly.ts';
import { routeInput } from '../routing/route-input.ts';
import { cloneSkb, frameOf, ipOf, type Skb } from '../skb.ts';
import { transmit } from '../transmit.ts';
import { lostPort, warmPort } from '../warm.ts';

/** What the bridge does with a frame that is (also) for its own node. */
type PassUp = (bridge: Device, skb: Skb) => void;

/** A frame came in by a port (`br_handle_frame`). */
export function bridgeReceive(k: Kernel, ns: Netns, port: Device, skb: Skb, passUp: PassUp): void {
  const bridge = ns.devices.get(port.master ?? '');
  if (!bridge) return;
  if (!bridge.up)
    return drop(k, ns, skb, 'DEV_DOWN', `the bridge ${bridge.name} is down`, {
      kind: 'device',
      text: bridge.name,
      ...(bridge.origin ? { origin: bridge.origin } : {}),
    });
  if (skb.dmac === bridge.mac) skb.type = 'host';
  tell(k, ns, skb, { kind: 'hook', family: 'bridge', hook: 'PREROUTING', iif: port.name }, frameOf(skb));
  const finish = (): void => finishReceive(k, ns, bridge, port, skb, passUp);
  if (!isIp(skb.payload) || !callsIptables(ns, skb.payload)) return finish();
  lendToIp(k, ns, bridge, port, skb, finish);
}

const callsIptables = (ns: Netns, { dst }: IpPacket): boolean =>
  ns.sysctl[familyOf(dst) === 6 ? 'bridge.bridge-nf-call-ip6tables' : 'bridge.bridge-nf-call-iptables'] === 1;

/** `br_nf_pre_routing`: PREROUTING with the bridge as input device; a DNATed packet is routed to find its new MAC. */
function lendToIp(k: Kernel, ns: Netns, bridge: Device, port: Device, skb: Skb, finish: () => void): void {
  const before = ipOf(skb).dst;
  skb.bridged = { physIn: port.name };
  skb.physIn = port.name;
  skb.iif = bridge.name;
  if (!runHook(k, ns, skb, 'PREROUTING', bridge.name)) return;
  if (ipOf(skb).dst === before) return finish();
  if (!routeInput(k, ns, skb, bridge)) return;
  if (skb.dst?.type === 'unicast' && skb.dst.dev === bridge.name) return bridgedDnat(k, ns, bridge, skb, finish);
  skb.dmac = bridge.mac;
  skb.type = 'host';
  finish();
}

/** The endpoint is on this very bridge: only the destination MAC changes, the packet is never routed ("bridged DNAT"). */
function bridgedDnat(k: Kernel, ns: Netns, bridge: Device, skb: Skb, finish: () => void): void {
  resolve(k, ns, bridge, skb.dst?.nextHop ?? ipOf(skb).dst, skb, (mac) => {
    const before = skb.dmac;
    skb.dmac = mac;
    skb.dst = null;
    tell(k, ns, skb, { kind: 'bridged-dnat', dev: bridge.name, before, after: mac }, frameOf(skb));
    finish();
  });
}

/** Learning, then the forwarding decision (`br_handle_frame_finish`). */
function finishReceive(k: Kernel, ns: Netns, bridge: Device, port: Device, skb: Skb, passUp: PassUp): void {
  if (!isGroupMac(skb.smac)) ns.memory.fdb.set(`${bridge.name}|${skb.smac}`, port.name);
  if (isGroupMac(skb.dmac)) {
    flood(k, ns, bridge, port, skb);
    return passUp(bridge, cloneSkb(skb));
  }
  if (isOwnMac(ns, bridge, skb)) {
    tell(k, ns, skb, { kind: 'fdb', dev: bridge.name, mac: skb.dmac, decision: 'local', entry: null }, frameOf(skb));
    return passUp(bridge, skb);
  }
  // A promiscuous bridge also shows its node what it only passes on. The copy has no flow (br_nf_local_in).
  const copy = bridge.promisc ? { ...cloneSkb(skb), ct: null } : null;
  sendOn(k, ns, bridge, port, skb);
  if (copy) passUp(bridge, copy);
}

function isOwnMac(ns: Netns, bridge: Device, skb: Skb): boolean {
  if (skb.dmac === bridge.mac) return true;
  return (ns.ports.get(bridge.name) ?? []).some((p) => ns.devices.get(p)?.mac === skb.dmac);
}

/** Looks the destination MAC up: one port, or all of them. `from` undefined: the node itself sends. */
function sendOn(k: Kernel, ns: Netns, bridge: Device, from: Device | undefined, skb: Skb): void {
  const written = ns.fdb.get(`${bridge.name}|${skb.dmac}`)?.[0];
  const port =
    written?.port ??
    ns.memory.fdb.get(`${bridge.name}|${skb.dmac}`) ??
    (k.warm ? warmPort(k, ns, bridge, skb.dmac) : undefined);
  const out = port === undefined ? undefined : ns.devices.get(port);
  if (!out) return flood(k, ns, bridge, from, skb);
  tell(
    k,
    ns,
    skb,
    {
      kind: 'fdb',
      dev: bridge.name,
      mac: skb.dmac,
      decision: 'port',
      port: out.name,
      entry: written ?? null,
      learned: !written,
    },
    frameOf(skb),
  );
  if (out.name === from?.name && !out.hairpin)
    return drop(
      k,
      ns,
      skb,
      'BRIDGE_NOT_HAIRPIN',
      `the frame would have to go back out of ${out.name}, and hairpin mode is off there`,
      { kind: 'device', text: `${out.name} hairpin off`, ...(out.origin ? { origin: out.origin } : {}) },
    );
  toPort(k, ns, bridge, from, out, skb);
}

/**
 * To every port but the one it came from, those that were added last first (`br_flood` walks a list that `br_add_if` puts them in front of). A port whose link went down is forgotten (br_fdb_delete_by_port), so a frame for what is
 * behind it goes to all others, who ignore it: the lost copy is told.
 */
function flood(k: Kernel, ns: Netns, bridge: Device, from: Device | undefined, skb: Skb): void {
  const outs = [...(ns.ports.get(bridge.name) ?? [])]
    .reverse()
    .map((p) => ns.devices.get(p))
    .filter((p) => p !== undefined && hasCarrier(k, p) && (p.name !== from?.name || p.hairpin === true));
  tell(
    k,
    ns,
    skb,
    { kind: 'fdb', dev: bridge.name, mac: skb.dmac, decision: outs.length > 0 ? 'flood' : 'none', entry: null },
    frameOf(skb),
  );
  const lost = isGroupMac(skb.dmac) ? undefined : lostPort(k, ns, bridge, skb.dmac);
  if (lost) lostCopy(k, ns, skb, lost);
  else if (outs.length === 0 && !isGroupMac(skb.dmac))
    return drop(k, ns, skb, 'BRIDGE_NO_EGRESS_PORT', `no port of ${bridge.name} leads to ${skb.dmac}`);
  for (const out of outs) if (out) toPort(k, ns, bridge, from, out, cloneSkb(skb));
}

function lostCopy(k: Kernel, ns: Netns, skb: Skb, port: Device): void {
  const detail = `${port.name} led to ${skb.dmac}, but its link is down`;
  if (port.up) drop(k, ns, skb, 'NO_CARRIER', detail, culpritDevice(port, 'NO-CARRIER'));
  else drop(k, ns, skb, 'DEV_DOWN', detail, culpritDevice(port));
}

/** FORWARD (or OUTPUT), POSTROUTING, and the port; for lent frames the IP hooks of the same names too. */
function toPort(k: Kernel, ns: Netns, bridge: Device, from: Device | undefined, out: Device, skb: Skb): void {
  const hook = from ? 'FORWARD' : 'OUTPUT';
  tell(
    k,
    ns,
    skb,
    { kind: 'hook', family: 'bridge', hook, ...(from ? { iif: from.name } : {}), oif: out.name },
    frameOf(skb),
  );
  if (!skb.bridged) {
    tell(k, ns, skb, { kind: 'hook', family: 'bridge', hook: 'POSTROUTING', oif: out.name }, frameOf(skb));
    return transmit(k, ns, out, skb);
  }
  skb.bridged.physOut = out.name;
  if (!runHook(k, ns, skb, 'FORWARD', bridge.name, bridge.name)) return;
  tell(k, ns, skb, { kind: 'hook', family: 'bridge', hook: 'POSTROUTING', oif: out.name }, frameOf(skb));
  if (!runHook(k, ns, skb, 'POSTROUTING', undefined, bridge.name)) return;
  if (skb.fragMaxBytes === 0) return transmit(k, ns, out, skb);
  sendPieces(k, ns, skb, cut(ipOf(skb), skb.fragMaxBytes), skb.fragMaxBytes, (piece) => transmit(k, ns, out, piece));
}

/** The node sends through its bridge device (`br_dev_xmit`). */
export function bridgeTransmit(k: Kernel, ns: Netns, bridge: Device, skb: Skb): void {
  if (isGroupMac(skb.dmac)) return flood(k, ns, bridge, undefined, skb);
  sendOn(k, ns, bridge, undefined, skb);
}
