/**
 * What neighbours and bridges know from earlier traffic, before the person broke anything. A world that is warm answers from here instead
 * of asking by ARP or flooding. Nothing is invented: an answer exists only where asking once found one, and what the kernel forgets when
 * a link goes down is forgotten: neighbours of a device without carrier, FDB entries of such a port. A machine that is gone is not
 * forgotten so soon: packets are still sent to it (checked against a real kernel, Linux 6.18).
 */
import { familyOf, type Ip } from '../wire/ip.ts';
import { isLinkLocal, linkLocalOf } from '../wire/ip6.ts';
import type { Mac } from '../wire/mac.ts';
import type { DatapathTunnel, Device, NetnsConfig, PortRef } from './config.ts';
import { fabricMac } from './devices/fabric-mac.ts';
import { hasCarrier, type Kernel } from './kernel.ts';
import type { Netns } from './netns.ts';

/** Segments joined by bridges are followed this deep. */
const BRIDGES_MAX = 8;

/** The MAC that ARP for `ip` would have found on the device's segment. */
export function warmNeighbour(k: Kernel, ns: Netns, dev: Device, ip: Ip): Mac | undefined {
  const segment = segmentOf(k, ns.id, dev);
  // Most often it is an address that a machine has by itself: then nobody else's configuration is looked into.
  for (const { ns: id, dev: name } of segment) {
    const config = k.configOf(id);
    if (config?.arpResponders?.some((one) => one.ip === ip && one.dev === name)) return deviceOf(config, name)?.mac;
    const own = config?.own;
    if (own?.addresses.some((a) => a.ip === ip && a.dev === name)) return own.devices.find((d) => d.name === name)?.mac;
  }
  for (const end of segment) {
    const config = k.configOf(end.ns);
    const known = config && fabricMac(k.configOf, config, ip);
    if (known !== undefined) return known;
    const answers = config && programAnswers(k, config, end.dev, ip);
    const owns =
      answers ||
      (config && isLinkLocal(ip) && hasLinkLocal(config, end.dev, ip)) ||
      config?.addresses.some((a) => a.ip === ip && (a.dev === end.dev || deviceOf(config, a.dev)?.kind === 'loopback'));
    if (config && (owns || (familyOf(ip) === 4 && standsIn(config, end.dev)))) return deviceOf(config, end.dev)?.mac;
  }
  return undefined;
}

/** It follows from the MAC, so that nobody's addresses need to be known. */
function hasLinkLocal(config: NetnsConfig, dev: string, ip: Ip): boolean {
  const device = deviceOf(config, dev);
  return device !== undefined && linkLocalOf(device.mac) === ip;
}

/** With proxy ARP a node answered for whatever it forwarded then, also where it forwards no more now. */
const standsIn = (config: NetnsConfig, dev: string): boolean => config.sysctl[`ipv4.conf.${dev}.proxy_arp`] === 1;

/** An eBPF program on that end answers ARP by itself. */
function programAnswers(k: Kernel, { bpf }: NetnsConfig, dev: string, ip: Ip): boolean {
  return (bpf?.attachments ?? []).some(({ at, program, conf }) => {
    if (at.hook !== 'tc ingress' || at.dev !== dev) return false;
    const found = k.programs.get(program);
    return found?.hook === 'tc' && found.answersArp?.(conf, ip) === true;
  });
}

/** The port by which a bridge would have seen `mac` come in. */
export function warmPort(k: Kernel, ns: Netns, bridge: Device, mac: Mac): string | undefined {
  return portsTo(k, ns, bridge, mac).find((port) => hasCarrier(k, port))?.name;
}

/** The port that led to `mac` until its link went down. */
export function lostPort(k: Kernel, ns: Netns, bridge: Device, mac: Mac): Device | undefined {
  return portsTo(k, ns, bridge, mac).find((port) => !hasCarrier(k, port));
}

function portsTo(k: Kernel, ns: Netns, bridge: Device, mac: Mac): readonly Device[] {
  const ports = (ns.ports.get(bridge.name) ?? []).flatMap((name) => ns.devices.get(name) ?? []);
  return ports.filter((port) => behind(k, port, 0).some((end) => macOf(k, end) === mac));
}

function macOf(k: Kernel, end: PortRef): Mac | undefined {
  const config = k.configOf(end.ns);
  return config && deviceOf(config, end.dev)?.mac;
}

/** All other devices that hear a broadcast sent by this one. */
function segmentOf(k: Kernel, ns: string, dev: Device): readonly PortRef[] {
  if (!hasCarrier(k, dev)) return [];
  return dev.kind === 'bridge' ? portsBehind(k, ns, dev.name, undefined, 0) : behind(k, dev, 0);
}

/** What is on the far side of a cable: a device, or through a bridge all that hang on it. */
function behind(k: Kernel, dev: Device, depth: number): readonly PortRef[] {
  if ((dev.kind !== 'veth' && dev.kind !== 'nic') || depth > BRIDGES_MAX) return [];
  const far = k.configOf(dev.peer.ns);
  const peer = far && deviceOf(far, dev.peer.dev);
  if (!far || !peer) return [];
  if (peer.master === undefined) return [{ ns: far.id, dev: peer.name }];
  const bridge = deviceOf(far, peer.master);
  if (!bridge) return [];
  if (bridge.kind === 'openvswitch')
    return bridge.tunnels.flatMap((tunnel) => behindTunnel(k, bridge.name, tunnel, depth + 1));
  return [{ ns: far.id, dev: bridge.name }, ...portsBehind(k, far.id, bridge.name, peer.name, depth + 1)];
}

function portsBehind(
  k: Kernel,
  ns: string,
  bridge: string,
  except: string | undefined,
  depth: number,
): readonly PortRef[] {
  const ports = k.configOf(ns)?.devices.filter((d) => d.master === bridge && d.name !== except) ?? [];
  return ports.flatMap((port) => behind(k, port, depth));
}

/** The tunnel of a datapath behind which `mac` would have been seen. */
export function warmTunnel(
  k: Kernel,
  { name, tunnels }: Extract<Device, { kind: 'openvswitch' }>,
  mac: Mac,
): DatapathTunnel | undefined {
  return tunnels.find((tunnel) => behindTunnel(k, name, tunnel, 0).some((end) => macOf(k, end) === mac));
}

/** What hangs on the datapath at the far end of a tunnel. */
function behindTunnel(k: Kernel, datapath: string, { ns }: DatapathTunnel, depth: number): readonly PortRef[] {
  const ports = k.configOf(ns)?.devices.filter((d) => d.master === datapath) ?? [];
  return ports.flatMap((port) => behind(k, port, depth + 1));
}

function deviceOf(config: NetnsConfig, name: string): Device | undefined {
  const isIt = (dev: Device): boolean => dev.name === name;
  return config.own?.devices.find(isIt) ?? config.devices.find(isIt);
}
