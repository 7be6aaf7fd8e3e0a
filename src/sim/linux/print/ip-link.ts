import { familyOf } from '../../wire/ip.ts';
import type { Device, IpipSettings, VxlanSettings } from '../config.ts';

/**
 * A device as one line of `ip -o -d link`, with the attributes that are modelled and no others:
 * `among` are the devices of its namespace: what a port shows depends on what it is a port of.
 * `cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 state UP link/ether 0a:58:0a:f4:01:01 bridge`.
 */
export function printLink(device: Device, among: readonly Device[] = []): string {
  return [
    `${device.name}: <${flagsOf(device).join(',')}>`,
    `mtu ${device.mtuBytes}`,
    ...(device.master === undefined ? [] : [`master ${device.master}`]),
    `state ${stateOf(device)}`,
    linkOf(device),
    ...detailsOf(device),
    ...slaveOf(device, among),
  ].join(' ');
}

function slaveOf({ master, hairpin }: Device, among: readonly Device[]): string[] {
  if (master === undefined) return [];
  const isSwitch = among.some(({ name, kind }) => name === master && kind === 'openvswitch');
  return [isSwitch ? 'openvswitch_slave' : `bridge_slave hairpin ${hairpin ? 'on' : 'off'}`];
}

/** An IP-in-IP tunnel has addresses of IP where others have MACs. */
function linkOf(device: Device): string {
  if (device.kind === 'ipip')
    return `link/ipip ${device.ipip.local ?? '0.0.0.0'} peer ${device.ipip.remote ?? '0.0.0.0'}`;
  return `link/${device.kind === 'loopback' ? 'loopback' : 'ether'} ${device.mac}`;
}

const OWN_FLAGS: Partial<Readonly<Record<Device['kind'], readonly string[]>>> = {
  loopback: ['LOOPBACK'],
  ipip: ['NOARP'],
};

function flagsOf(device: Device): string[] {
  return [
    ...(OWN_FLAGS[device.kind] ?? ['BROADCAST', 'MULTICAST']),
    ...(device.noarp ? ['NOARP'] : []),
    ...(device.promisc ? ['PROMISC'] : []),
    ...(device.up ? ['UP', 'LOWER_UP'] : []),
  ];
}

/** Devices without a carrier of their own never learn their state (RFC 2863 operstate `unknown`). */
function stateOf({ up, kind }: Device): string {
  if (!up) return 'DOWN';
  return kind === 'veth' || kind === 'nic' || kind === 'bridge' ? 'UP' : 'UNKNOWN';
}

function detailsOf(device: Device): string[] {
  switch (device.kind) {
    case 'loopback':
    case 'nic':
      return [];
    case 'veth':
      return [`veth peer ${device.peer.dev} link-netns ${device.peer.ns}`];
    case 'bridge':
    case 'dummy':
    case 'openvswitch':
    case 'fabric':
      return [device.kind];
    case 'vxlan':
      return [printVxlan(device.vxlan)];
    case 'vxlan-external':
      return [`vxlan external id 0 dstport ${device.dstPort} nolearning ttl auto udpcsum`];
    case 'geneve':
      return [`geneve external id 0 dstport ${device.dstPort} ttl auto udpcsum`];
    case 'ipip':
      return [printIpip(device.ipip)];
  }
}

function printIpip({ local, remote, ttl }: IpipSettings): string {
  return `ipip any remote ${remote ?? 'any'} local ${local ?? 'any'} ttl ${ttl ?? 'inherit'} nopmtudisc`;
}

function printVxlan({ vni, local, lower, dstPort, learning, udpChecksum }: VxlanSettings): string {
  // Over IPv6 it is another flag, which says the opposite.
  const six = `${udpChecksum ? 'no' : ''}udp6zerocsumtx`;
  const checksum = familyOf(local) === 6 ? six : udpChecksum ? 'udpcsum' : 'noudpcsum';
  const flags = `${learning ? 'learning' : 'nolearning'} ${checksum}`;
  return `vxlan id ${vni} local ${local} dev ${lower} dstport ${dstPort} ${flags}`;
}
