/** What Felix is told about a node: what differs between the modes of Calico, and what Canal leaves out. */
import type { Cidr, Ip } from '../../../wire/ip.ts';

export interface FelixConfig {
  /** The IPPools: pods of `pools` keep their address towards each other; those of `masqPools` lose it towards everything else. */
  readonly pools: readonly Cidr[];
  readonly masqPools: readonly Cidr[];
  readonly hostIp: Ip;
  /** The other nodes whose tunnelled packets are let in. */
  readonly peers: readonly Ip[];
  readonly ipip: TunnelUse;
  readonly vxlan: TunnelUse;
  /** There is a `kube-ipvs0`. */
  readonly besideIpvs: boolean;
}

/** `on`: some pool uses this encapsulation. `device`: what it goes through, once the node has an address for it. */
export interface TunnelUse {
  readonly on: boolean;
  readonly device?: string;
}

export const VXLAN_PORT = 4789;
/** `iptables` prints it as `ipencap`; Felix writes the number, because not every system knows the name. */
export const IPIP_PROTOCOL = 4;
/** `InterfacePrefix`, as a wildcard. */
export const WORKLOADS = 'cali+';

export const setName = (id: string): string => `cali40${id}`;
export const SETS = {
  pools: setName('all-ipam-pools'),
  masqPools: setName('masq-ipam-pools'),
  hosts: setName('all-hosts-net'),
  vxlanHosts: setName('all-vxlan-net'),
  thisHost: setName('this-host'),
  dscp: setName('dscp-src-net'),
} as const;
