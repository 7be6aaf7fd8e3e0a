/** What kube-proxy in IPVS mode writes on a node (pkg/proxy/ipvs/proxier.go, v1.33): one full sync, as plain Linux configuration. */
import type { Address, Device, IpSet, Sysctl } from '../../../../linux/config.ts';
import type { IpvsSysctl, VirtualServer } from '../../../../linux/ipvs/table.ts';
import type { RuleOp } from '../../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../../linux/origin.ts';
import { macFromHash } from '../../../../wire/mac.ts';
import { restoreOps } from '../iptables.ts';
import type { NodeView } from '../options.ts';
import type { ServicePort } from '../service-port.ts';
import { DUMMY_DEVICE } from './facts.ts';
import type { IpvsOptions } from './options.ts';
import { boundAddresses, placesOf } from './places.ts';
import { ipvsChains, ipvsJumps } from './rules.ts';
import { virtualServers } from './servers.ts';
import { ipSets, setMembers } from './sets.ts';

/** Sysctls of ARP, which the kernel model does not honour yet. */
export interface ArpSysctl {
  /** 1: an address is answered for only on the device that has it. */
  readonly 'ipv4.conf.all.arp_ignore': 0 | 1;
  /** 2: requests come from the best address of the device. */
  readonly 'ipv4.conf.all.arp_announce': 0 | 2;
}

export interface IpvsPlan {
  readonly devices: readonly Device[];
  readonly addresses: readonly Address[];
  readonly sysctl: Partial<Sysctl & IpvsSysctl & ArpSysctl>;
  readonly ipsets: readonly IpSet[];
  readonly iptables: readonly RuleOp[];
  readonly virtualServers: readonly VirtualServer[];
}

const DUMMY_MTU_BYTES = 1500;

export function planIpvs(ports: readonly ServicePort[], view: NodeView, options: IpvsOptions): IpvsPlan {
  const places = placesOf(view, options);
  const members = setMembers(ports, view, places);
  return {
    devices: [dummyDevice()],
    addresses: addressesOf(ports, boundAddresses(ports, places), view.family),
    sysctl: sysctlOf(options),
    ipsets: ipSets(members, view.family),
    iptables: [...ipvsJumps(), ...restoreOps(ipvsChains(ports, members, view, options))],
    virtualServers: ports.flatMap((port) => virtualServers(port, places, options)),
  };
}

const origin = (why: string): Origin => ({ by: 'kube-proxy', why });

/** Never set up: the kernel delivers to the addresses of a device that is down. SIMPLIFIED: its MAC, which nobody sees, is random in reality. */
function dummyDevice(): Device {
  return {
    kind: 'dummy',
    name: DUMMY_DEVICE,
    mac: macFromHash('02', 0),
    mtuBytes: DUMMY_MTU_BYTES,
    up: false,
    origin: origin('packets for Services must be delivered here, so that IPVS gets them'),
  };
}

function addressesOf(ports: readonly ServicePort[], bound: readonly Address['ip'][], family: 4 | 6): Address[] {
  const owners = new Map<string, string>();
  for (const port of ports) {
    for (const ip of [port.clusterIP, ...port.externalIPs, ...port.loadBalancerIPs]) owners.set(ip, port.service);
  }
  const prefix = family === 4 ? 32 : 128;
  return bound.map((ip) => ({
    dev: DUMMY_DEVICE,
    ip,
    prefix,
    scope: 'global',
    origin: { ...origin('an address of the Service'), for: `Service ${owners.get(ip) ?? ''}` },
  }));
}

/** `conn_reuse_mode` stays 1, the kernel's default, from Linux 5.9 on. */
function sysctlOf({ strictARP }: IpvsOptions): IpvsPlan['sysctl'] {
  return {
    'ipv4.vs.conntrack': 1,
    'ipv4.vs.expire_nodest_conn': 1,
    'ipv4.vs.expire_quiescent_template': 1,
    'ipv4.ip_forward': 1,
    ...(strictARP ? { 'ipv4.conf.all.arp_ignore': 1, 'ipv4.conf.all.arp_announce': 2 } : {}),
  };
}
