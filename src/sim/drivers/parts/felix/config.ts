/** What Felix is told about a node: what differs between the modes of Calico, and what Canal leaves out. */
import type { Family } from '../../../kube/families.ts';
import { type Cidr, familyOf, type Ip } from '../../../wire/ip.ts';

export interface FelixConfig {
  /** The IPPools: pods of `pools` keep their address towards each other; those of `masqPools` lose it towards everything else. */
  readonly pools: readonly Cidr[];
  readonly masqPools: readonly Cidr[];
  /** Its family is that of all the rules: there is a Felix half for each. */
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

export const familyOfRules = ({ hostIp }: Pick<FelixConfig, 'hostIp'>): Family => familyOf(hostIp);

export const setName = (id: string, family: Family): string => `cali${family}0${id}`;

const namesIn = (family: Family) => ({
  pools: setName('all-ipam-pools', family),
  masqPools: setName('masq-ipam-pools', family),
  hosts: setName('all-hosts-net', family),
  vxlanHosts: setName('all-vxlan-net', family),
  thisHost: setName('this-host', family),
  dscp: setName('dscp-src-net', family),
});

export type SetNames = ReturnType<typeof namesIn>;
const NAMES: Readonly<Record<Family, SetNames>> = { 4: namesIn(4), 6: namesIn(6) };
export const setsOf = (family: Family): SetNames => NAMES[family];
