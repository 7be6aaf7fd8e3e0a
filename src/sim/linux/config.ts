/**
 * The configuration of one network namespace, as a value: what `ip`, `bridge`, `sysctl`, `iptables` and `ss` would print.
 * Written by drivers (or changed by a fault), never by a packet. What packets write is in `memory.ts`.
 */
import type { PortProtocol } from '../wire/frame.ts';
import type { Cidr, Ip } from '../wire/ip.ts';
import type { Mac } from '../wire/mac.ts';
import type { BpfConfig } from './bpf/attach.ts';
import { IPVS_SYSCTL_DEFAULTS, type IpvsSysctl, type VirtualServer } from './ipvs/table.ts';
import type { Ruleset } from './netfilter/iptables/rule.ts';
import type { NftTable } from './netfilter/nftables/ruleset.ts';
import type { Origin } from './origin.ts';

/** `node-1`, `default/web-1`, `client`, `underlay`: unique in a world. */
export type NsId = string;

/** Devices, by the kinds that `ip -d link` prints. `nic` is a physical port: its peer is a switch port. */
export type Device = DeviceBase &
  (
    | { readonly kind: 'loopback' }
    | { readonly kind: 'veth' | 'nic'; readonly peer: PortRef }
    | { readonly kind: 'bridge' }
    /** A cloud's network: a switch that also looks at routes. Its own are those of its namespace. */
    | { readonly kind: 'fabric' }
    | { readonly kind: 'vxlan'; readonly vxlan: VxlanSettings }
    | { readonly kind: 'ipip'; readonly ipip: IpipSettings }
    | { readonly kind: 'dummy' }
    /** A tunnel that has no ends of its own (`external`): a program says for each packet where it goes, and with which number. */
    | { readonly kind: 'vxlan-external' | 'geneve'; readonly dstPort: number }
    /** An Open vSwitch datapath. Its ports have it as master; one of them, `tunnelPort`, leads to other machines. */
    | { readonly kind: 'openvswitch'; readonly tunnelPort: string; readonly tunnels: readonly DatapathTunnel[] }
  );

export interface DeviceBase {
  readonly name: string;
  readonly mac: Mac;
  readonly mtuBytes: number;
  readonly up: boolean;
  /** The bridge that this device is a port of. */
  readonly master?: string;
  readonly hairpin?: boolean;
  readonly promisc?: boolean;
  /** `ip link set … arp off`: nobody is asked for a MAC, every neighbour has the device's own. */
  readonly noarp?: true;
  readonly origin?: Origin;
}

export type DeviceKind = Device['kind'];

export interface PortRef {
  readonly ns: NsId;
  readonly dev: string;
}

/** `ip link add … type vxlan id VNI local LOCAL dev LOWER dstport PORT [nolearning] [noudpcsum]`. */
export interface VxlanSettings {
  readonly vni: number;
  readonly local: Ip;
  readonly lower: string;
  readonly dstPort: number;
  readonly learning: boolean;
  readonly udpChecksum: boolean;
}

/** Where the program of a datapath sends frames for another machine, and with which number. */
export interface DatapathTunnel {
  readonly ns: NsId;
  readonly remote: Ip;
  readonly id: number;
  readonly origin?: Origin;
}

/** `ip tunnel show`. Without a remote one device serves all: each route's next hop is the other end. */
export interface IpipSettings {
  readonly local?: Ip;
  readonly remote?: Ip;
  /** Of the outer packet; absent: that of the packet inside (`ttl inherit`). */
  readonly ttl?: number;
}

/**
 * One address of a device. Of IPv6 only what somebody wrote: `fe80::…` of each device follows from its MAC (`wire/ip6.ts`), in every
 * namespace that has an IPv6 address of its own. SIMPLIFIED: without one it is as if IPv6 were switched off there.
 */
export interface Address {
  readonly dev: string;
  readonly ip: Ip;
  readonly prefix: number;
  readonly scope: 'global' | 'host' | 'link';
  readonly origin?: Origin;
}

/** One line of `ip route`. Connected and local routes are derived from addresses by `routing/tables.ts`, not written here. */
export interface Route {
  readonly dst: Cidr;
  readonly type: 'unicast' | 'local' | 'broadcast' | 'multicast' | 'blackhole' | 'unreachable' | 'prohibit';
  readonly via?: Ip;
  readonly dev?: string;
  /** Several next hops instead of one: `nexthop via 192.168.56.11 dev eth0 weight 1 …`. */
  readonly nexthops?: readonly NextHop[];
  readonly src?: Ip;
  readonly table: 'main' | 'local' | number;
  readonly scope: 'global' | 'link' | 'host';
  readonly proto?: string;
  /** Absent: 0 of IPv4, 1024 of IPv6. */
  readonly metric?: number;
  readonly onlink?: boolean;
  readonly mtuBytes?: number;
  readonly origin?: Origin;
}

export interface NextHop {
  readonly via: Ip;
  readonly dev: string;
  readonly weight: number;
}

/** A route that somebody tried to add, and what the kernel answered. */
export interface RefusedRoute {
  readonly route: Route;
  readonly error: string;
}

/** One line of `ip neigh` that somebody wrote (`nud permanent`). */
export interface Neighbour {
  readonly dev: string;
  readonly ip: Ip;
  readonly mac: Mac;
  readonly origin?: Origin;
}

/** A program that answers ARP on a device for an address that the machine need not have. It hears every request, beside the kernel. */
export interface ArpResponder {
  readonly dev: string;
  readonly ip: Ip;
  readonly program: string;
  readonly origin?: Origin;
}

/** One line of `bridge fdb`: `self` entries of a vxlan device have `dst`, entries of a bridge have `port`. */
export interface FdbEntry {
  readonly mac: Mac;
  /** The vxlan device, or the bridge. */
  readonly dev: string;
  readonly dst?: Ip;
  readonly port?: string;
  readonly origin?: Origin;
}

/** Of one device, 0 unless written. SIMPLIFIED: device names with a dot (`vxlan.calico`) are written as they are, not as `vxlan/calico`. */
type DeviceSysctl = {
  readonly [key in
    | `ipv4.conf.${string}.${'rp_filter' | 'proxy_arp' | 'route_localnet' | 'forwarding'}`
    | `ipv4.neigh.${string}.proxy_delay`]?: 0 | 1 | 2;
};

/** The sysctls that the model honours, by their names under `net.`. Absent: the kernel's default. */
export interface Sysctl extends IpvsSysctl, DeviceSysctl {
  readonly 'ipv4.ip_forward': 0 | 1;
  readonly 'bridge.bridge-nf-call-iptables': 0 | 1;
  readonly 'bridge.bridge-nf-call-ip6tables': 0 | 1;
  /** Of IPv6 this one alone decides: a device's own `forwarding` says whether it listens to routers (`ip6_forward`). */
  readonly 'ipv6.conf.all.forwarding': 0 | 1;
  /** The larger of this and the device's own decides. */
  readonly 'ipv4.conf.all.rp_filter': 0 | 1 | 2;
  readonly 'ipv4.conf.all.route_localnet': 0 | 1;
  /** 1: ARP is answered only for addresses of the device that was asked on. */
  readonly 'ipv4.conf.all.arp_ignore': 0 | 1;
  /** 2: ARP asks with the best address of the device. It already does here. */
  readonly 'ipv4.conf.all.arp_announce': 0 | 1 | 2;
  readonly 'ipv4.fib_multipath_hash_policy': 0 | 1;
  readonly 'netfilter.nf_conntrack_tcp_loose': 0 | 1;
  readonly 'ipv4.ip_default_ttl': number;
}

export const SYSCTL_DEFAULTS: Sysctl = {
  ...IPVS_SYSCTL_DEFAULTS,
  'ipv4.ip_forward': 0,
  'bridge.bridge-nf-call-iptables': 1,
  'bridge.bridge-nf-call-ip6tables': 1,
  'ipv6.conf.all.forwarding': 0,
  'ipv4.conf.all.rp_filter': 0,
  'ipv4.conf.all.route_localnet': 0,
  'ipv4.conf.all.arp_ignore': 0,
  'ipv4.conf.all.arp_announce': 0,
  'ipv4.fib_multipath_hash_policy': 0,
  'netfilter.nf_conntrack_tcp_loose': 1,
  'ipv4.ip_default_ttl': 64,
};

/** A program that waits on a port. */
export interface Listener {
  readonly proto: PortProtocol;
  readonly port: number;
  /** Absent: every local address. */
  readonly ip?: Ip;
  readonly program: string;
  /** What it answers to GET, by path; `*` for every other. Absent: 200 to all. */
  readonly http?: Readonly<Record<string, HttpAnswer>>;
  /** The process behind it, where that is more than an answer: its program, and what it was started with (made when it is asked). */
  readonly server?: { readonly program: string; readonly conf: () => object };
  readonly origin?: Origin;
}

export interface HttpAnswer {
  /** `503 Service Unavailable`. */
  readonly status: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** What a member of a set is: `ipset create NAME TYPE`. */
export type IpSetType =
  | 'hash:ip'
  | 'hash:net'
  | 'hash:ip,port'
  | 'hash:ip,port,ip'
  | 'hash:ip,port,net'
  | 'bitmap:port'
  /** Its members are names of other sets. */
  | 'list:set';

export interface IpSet {
  readonly name: string;
  readonly type: IpSetType;
  /** Of its addresses. A `bitmap:port` has none and serves both. */
  readonly family: 4 | 6;
  /** As `ipset add` takes them and `ipset save` prints them: `10.96.0.1,tcp:443`, `10.0.0.0/8 nomatch`, `30080`. */
  readonly members: readonly string[];
  readonly origin?: Origin;
}

export interface NetnsConfig {
  readonly id: NsId;
  /**
   * A part of `devices` and `addresses` that is known before the rest is computed: for who asks every machine of a segment and must
   * not wait for all of their configuration. Absent: ask the whole.
   */
  readonly own?: { readonly devices: readonly Device[]; readonly addresses: readonly Address[] } | undefined;
  readonly arpResponders?: readonly ArpResponder[] | undefined;
  readonly devices: readonly Device[];
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  /** What was asked for and does not stand. */
  readonly refusedRoutes?: readonly RefusedRoute[] | undefined;
  /** Derived routes that somebody deleted (`ip route del`). */
  readonly deletedRoutes?: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  readonly sysctl: Partial<Sysctl>;
  readonly iptables: Ruleset;
  /** `ip6tables-save`: the same rules, asked by IPv6 packets only. */
  readonly ip6tables?: Ruleset | undefined;
  /** `nft list ruleset`, in the order in which the tables were loaded. */
  readonly nftables?: readonly NftTable[] | undefined;
  readonly ipsets: readonly IpSet[];
  /** `ipvsadm -Ln`; absent: IPVS hooks in nowhere. */
  readonly ipvs?: readonly VirtualServer[] | undefined;
  readonly listeners: readonly Listener[];
  /** Programs at devices and sockets, and their maps. */
  readonly bpf?: BpfConfig | undefined;
}
