/**
 * An Open vSwitch datapath (net/openvswitch/datapath.c, actions.c, vport-vxlan.c): a switch that does nothing by itself. A program fills
 * its flow table as frames come: it sees each frame that no flow matches, learns where the sender is, and installs what to do. It knows
 * no TTL, no routes and no netfilter; one of its ports leads into tunnels, and a flow says which one.
 * SIMPLIFIED: the program answers at once and by the rules of a learning switch, so the first frame of a flow goes the way of the others.
 */
import { isGroupMac } from '../../wire/mac.ts';
import type { DatapathTunnel, Device } from '../config.ts';
import { type Kernel, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { cloneSkb, frameOf, type Skb } from '../skb.ts';
import { transmit } from '../transmit.ts';
import { warmTunnel } from '../warm.ts';

type Datapath = Extract<Device, { kind: 'openvswitch' }>;

/** `SetTunnelAction`: the outer header's TTL. */
const TUNNEL_TTL = 64;

/** A frame came in by a port (`ovs_vport_receive`). */
export function datapathReceive(k: Kernel, ns: Netns, port: Device, skb: Skb): void {
  const datapath = ns.devices.get(port.master ?? '');
  if (datapath?.kind === 'openvswitch') forward(k, ns, datapath, port, skb);
}

/** The node sends by the datapath's own device. */
export function datapathTransmit(k: Kernel, ns: Netns, dev: Device, skb: Skb): void {
  if (dev.kind === 'openvswitch') forward(k, ns, dev, dev, skb);
}

function forward(k: Kernel, ns: Netns, datapath: Datapath, from: Device, skb: Skb): void {
  const isFromTunnel = from.name === datapath.tunnelPort;
  if (!isGroupMac(skb.smac))
    ns.memory.fdb.set(`${datapath.name}|${skb.smac}`, isFromTunnel ? (skb.tunnel?.remote ?? '') : from.name);
  const frame = frameOf(skb);
  if (isFromTunnel) {
    // Split horizon: every peer sends to all others itself.
    const local = localPorts(ns, datapath, from);
    const port = local[0]?.name ?? datapath.name;
    const decision = local.length === 1 ? ({ decision: 'port', port } as const) : ({ decision: 'flood' } as const);
    tell(k, ns, skb, { kind: 'fdb', dev: datapath.name, mac: skb.dmac, ...decision, entry: null }, frame);
    return toPorts(k, ns, local, { ...skb, tunnel: null });
  }
  const tunnel = tunnelTo(k, ns, datapath, skb);
  if (tunnel) {
    const decision = { decision: 'remote', dst: tunnel.remote, learned: true } as const;
    tell(k, ns, skb, { kind: 'fdb', dev: datapath.name, mac: skb.dmac, ...decision, entry: null }, frame);
    return intoTunnel(k, ns, datapath, tunnel, skb);
  }
  tell(k, ns, skb, { kind: 'fdb', dev: datapath.name, mac: skb.dmac, decision: 'flood', entry: null }, frame);
  for (const each of datapath.tunnels) intoTunnel(k, ns, datapath, each, cloneSkb(skb));
  toPorts(k, ns, localPorts(ns, datapath, from), skb);
}

/** The tunnel behind which the destination was seen. */
function tunnelTo(k: Kernel, ns: Netns, datapath: Datapath, skb: Skb): DatapathTunnel | undefined {
  if (isGroupMac(skb.dmac)) return undefined;
  const learned = ns.memory.fdb.get(`${datapath.name}|${skb.dmac}`);
  if (learned !== undefined) return datapath.tunnels.find(({ remote }) => remote === learned);
  return k.warm ? warmTunnel(k, datapath, skb.dmac) : undefined;
}

/** `set(tunnel(tun_id=…,dst=…,ttl=64,flags(df))),PORT`. */
function intoTunnel(k: Kernel, ns: Netns, datapath: Datapath, tunnel: DatapathTunnel, skb: Skb): void {
  const port = ns.devices.get(datapath.tunnelPort);
  if (!port) return;
  transmit(k, ns, port, {
    ...skb,
    tunnel: { id: tunnel.id, remote: tunnel.remote, ttl: TUNNEL_TTL, df: true },
  });
}

const localPorts = (ns: Netns, datapath: Datapath, from: Device): readonly Device[] =>
  ns.config.devices.filter(
    ({ name, master }) => master === datapath.name && name !== from.name && name !== datapath.tunnelPort,
  );

function toPorts(k: Kernel, ns: Netns, ports: readonly Device[], skb: Skb): void {
  for (const port of ports) transmit(k, ns, port, cloneSkb(skb));
}
