/**
 * The grammar of what the kernel model tells: a flat, totally ordered list of steps. Everything a person sees (picture,
 * sentences, tables, canonical hop lists) is computed from these and from the configuration that they point at.
 */
import type { Frame, IpPacket, Protocol } from '../wire/frame.ts';
import type { Ip } from '../wire/ip.ts';
import type { Mac } from '../wire/mac.ts';
import type { BpfEvent } from './bpf/events.ts';
import type { FdbEntry, Listener, Neighbour, NsId, Route } from './config.ts';
import type { RealServer, VirtualServer } from './ipvs/table.ts';
import type { HookName, Rule, TableName } from './netfilter/iptables/rule.ts';
import type { NftEvent } from './netfilter/nftables/events.ts';
import type { Origin } from './origin.ts';
import type { NameEvent } from './servers/events.ts';

/** `p1`, `p2` … in order of birth. A packet keeps its name through NAT, encapsulation and fragmentation. */
export type PacketId = string;

export interface StepBase {
  /** Position in the trace. */
  readonly i: number;
  readonly ns: NsId;
  readonly packet: PacketId;
  /** Virtual time since the start of the conversation, in nanoseconds. */
  readonly atNs: number;
  /** The frame or packet as it is after this step (outermost headers first). */
  readonly frame: Frame | IpPacket;
  /** True while the packet concerned is the outer (tunnel) packet. */
  readonly outer?: true;
}

export type Step = StepBase & StepBody;

export type StepBody =
  /** A frame crosses a device: what a capture on that device sees. */
  | { readonly kind: 'dev'; readonly dev: string; readonly dir: 'in' | 'out' }
  /** The packet enters a netfilter hook. */
  | {
      readonly kind: 'hook';
      readonly family: 'ip' | 'bridge';
      readonly hook: HookName;
      readonly iif?: string;
      readonly oif?: string;
    }
  /**
   * A rule matched. `first`..`index` of the chain were evaluated for it; those before `index` did not match. Indices count from 0.
   * `markAfter` is the packet mark after the rule.
   */
  | {
      readonly kind: 'rule';
      /** Absent: IPv4. */
      readonly family?: 6;
      readonly table: TableName;
      readonly chain: string;
      readonly index: number;
      readonly first: number;
      readonly rule: Rule;
      readonly effect: RuleEffect;
      readonly markAfter: number;
    }
  /** A chain was left without a decision by its rules: built-in ones by policy, user chains by return. */
  | {
      readonly kind: 'chain-end';
      /** Absent: IPv4. */
      readonly family?: 6;
      readonly table: TableName;
      readonly chain: string;
      readonly first: number;
      readonly end: number;
      readonly verdict: 'ACCEPT' | 'DROP' | 'return';
    }
  /** Connection tracking looked the packet up. `entry` is the conntrack entry as it is after the lookup. */
  | {
      readonly kind: 'conntrack';
      readonly state: CtVerdict;
      readonly dir: 'original' | 'reply';
      readonly entry: CtSnapshot | null;
      readonly created: boolean;
    }
  /** An address or port was rewritten, by a rule (first packet) or from the conntrack entry (all others). */
  | {
      readonly kind: 'nat';
      readonly manip: 'src' | 'dst';
      readonly cause: 'rule' | 'conntrack' | 'icmp-error';
      readonly hook: HookName;
      readonly before: IpPacket;
      readonly after: IpPacket;
      readonly entry: CtSnapshot;
    }
  /** nftables: a rule, a set or a chain had its say. */
  | NftEvent
  /** eBPF: a program ran, looked something up, decided. */
  | BpfEvent
  /** IPVS sent the packet to a real server, or a reply back to its client. */
  | {
      readonly kind: 'ipvs';
      readonly hook: HookName;
      readonly role: 'request' | 'reply';
      /** Who chose the real server, for this packet or for the first one of its connection. */
      readonly by: 'scheduler' | 'template' | 'connection';
      readonly before: IpPacket;
      readonly after: IpPacket;
      readonly virtual: VirtualServer;
      readonly server: RealServer;
    }
  /** A routing decision. `route` is null when nothing matched. */
  | {
      readonly kind: 'route';
      readonly direction: 'input' | 'output';
      readonly dst: Ip;
      readonly decision:
        | 'local'
        | 'forward'
        | 'output'
        | 'broadcast'
        | 'multicast'
        | 'blackhole'
        | 'unreachable'
        | 'prohibit'
        | 'no-route';
      readonly table: Route['table'];
      readonly route: Route | null;
      readonly nextHop?: Ip;
      readonly dev?: string;
      /** Source address chosen for a packet that the node itself makes. */
      readonly src?: Ip;
    }
  /** `by`: not the kernel's forwarding but an eBPF program lowered it. */
  | { readonly kind: 'ttl'; readonly before: number; readonly after: number; readonly by?: string }
  /** A MAC address for the next hop: from a written entry, learned by ARP, or not (yet) known. */
  | {
      readonly kind: 'neighbour';
      readonly dev: string;
      readonly ip: Ip;
      readonly mac: Mac | null;
      readonly state: 'PERMANENT' | 'REACHABLE' | 'INCOMPLETE' | 'FAILED' | 'NOARP';
      readonly entry: Neighbour | null;
    }
  /** A forwarding-database lookup: of a bridge (`port`) or of a vxlan device (`dst`). */
  | {
      readonly kind: 'fdb';
      readonly dev: string;
      readonly mac: Mac;
      readonly decision: 'port' | 'remote' | 'local' | 'flood' | 'none';
      readonly port?: string;
      readonly dst?: Ip;
      readonly entry: FdbEntry | null;
      readonly learned?: boolean;
    }
  /** The bridge changed the destination MAC of a frame it had DNATed ("bridged DNAT", net/bridge/br_netfilter_hooks.c). */
  | { readonly kind: 'bridged-dnat'; readonly dev: string; readonly before: Mac; readonly after: Mac }
  | {
      readonly kind: 'encap';
      readonly dev: string;
      readonly type: 'vxlan' | 'geneve';
      readonly vni: number;
      readonly src: Ip;
      readonly dst: Ip;
    }
  | { readonly kind: 'encap'; readonly dev: string; readonly type: 'ipip'; readonly src: Ip; readonly dst: Ip }
  | { readonly kind: 'decap'; readonly dev: string; readonly type: 'vxlan' | 'geneve'; readonly vni: number }
  | { readonly kind: 'decap'; readonly dev: string; readonly type: 'ipip' }
  | { readonly kind: 'fragment'; readonly mtuBytes: number; readonly pieces: number }
  | { readonly kind: 'reassemble'; readonly by: 'conntrack' | 'delivery'; readonly pieces: number }
  /** A program or the kernel's own protocol code made this packet. */
  | { readonly kind: 'send'; readonly by: string; readonly what: string; readonly answers?: PacketId }
  /** A program asked for a name, heard an answer, or gave one. */
  | NameEvent
  /** The packet reached a socket, or the kernel code that answers for it (`socket` null: nobody listens, or ICMP echo). */
  | {
      readonly kind: 'deliver';
      readonly to: 'socket' | 'icmp' | 'tunnel' | 'nobody';
      readonly socket: Listener | null;
      readonly what: string;
    }
  | { readonly kind: 'drop'; readonly reason: DropReason; readonly detail: string; readonly culprit?: Culprit };

export type RuleEffect = 'jump' | 'goto' | 'return' | 'accept' | 'drop' | 'continue';
export type CtVerdict = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED';

/** One line of `conntrack -L`. */
export interface CtSnapshot {
  readonly id: number;
  readonly proto: Protocol;
  readonly original: CtTuple;
  readonly reply: CtTuple;
  /** Of TCP and SCTP. */
  readonly state?: string;
  readonly seenReply: boolean;
  readonly assured: boolean;
  readonly snat: boolean;
  readonly dnat: boolean;
  readonly mark: number;
}

/** Ports of TCP and UDP; for ICMP `sport` is the echo id, `dport` the type and code; for other protocols both are 0. */
export interface CtTuple {
  readonly src: Ip;
  readonly dst: Ip;
  readonly sport: number;
  readonly dport: number;
}

/** Why a packet ended. Names follow `enum skb_drop_reason` where the kernel has one. */
export type DropReason =
  | 'NETFILTER_DROP'
  | 'DEV_DOWN'
  | 'NO_CARRIER'
  | 'OTHERHOST'
  | 'BRIDGE_NO_EGRESS_PORT'
  | 'BRIDGE_NOT_HAIRPIN'
  | 'IP_INNOROUTES'
  | 'IP_OUTNOROUTES'
  | 'IP_RPFILTER'
  | 'IP_MARTIAN'
  | 'IP_FORWARDING_OFF'
  | 'IP_BLACKHOLE'
  | 'TTL_EXPIRED'
  | 'PKT_TOO_BIG'
  | 'RX_TOO_BIG'
  | 'NEIGH_FAILED'
  | 'VXLAN_NO_REMOTE'
  | 'VXLAN_INVALID_HDR'
  | 'IP_NOPROTO'
  | 'NO_SOCKET'
  | 'UNEXPECTED_SEGMENT'
  | 'NAT_FAILED'
  | 'CT_CLASH'
  | 'IPVS_NO_SERVER'
  | 'IPVS_SERVER_GONE'
  | 'TC_INGRESS'
  | 'TC_EGRESS'
  | 'SOCK_REJECTED'
  | 'HOPS_MAX';

/** The object that decided: a rule, a missing entry, a sysctl, a device. */
export interface Culprit {
  readonly kind:
    | 'rule'
    | 'policy'
    | 'route'
    | 'neighbour'
    | 'fdb'
    | 'sysctl'
    | 'device'
    | 'listener'
    | 'virtual-server'
    | 'program'
    | 'none';
  /** As the tool prints it, or as the tool would name what is missing. */
  readonly text: string;
  readonly origin?: Origin;
}
