/**
 * iptables rules as data: what a driver writes, what the kernel model runs and what `iptables-save` prints are this one value.
 * Match and target names and their options are those of iptables-extensions(8).
 */

import type { PortProtocol, Protocol } from '../../../wire/frame.ts';
import type { Cidr, Ip } from '../../../wire/ip.ts';
import type { Origin } from '../../origin.ts';

export type TableName = 'raw' | 'mangle' | 'nat' | 'filter';
export type HookName = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';
export type CtState = 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED' | 'SNAT' | 'DNAT';

/** An inclusive port range; a single port has `from === to`. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Matches after `-s -d -i -o -p`, in the order in which the writer gave them (the order in which they print). */
export type Match =
  | { readonly kind: 'comment'; readonly text: string }
  | {
      readonly kind: PortProtocol;
      readonly sport?: Inverted<PortRange>;
      readonly dport?: Inverted<PortRange>;
      readonly flags?: TcpFlags;
    }
  /** `icmp6` is that of ip6tables. */
  | { readonly kind: 'icmp' | 'icmp6'; readonly type: number; readonly code?: number }
  | {
      readonly kind: 'conntrack';
      readonly states: readonly CtState[];
      readonly invert?: true;
      /** By its older name, `-m state --state`. */
      readonly isState?: true;
    }
  | { readonly kind: 'mark'; readonly value: number; readonly mask: number; readonly invert?: true }
  | {
      readonly kind: 'addrtype';
      readonly src?: Inverted<AddrType>;
      readonly dst?: Inverted<AddrType>;
      readonly limitIface?: 'in' | 'out';
    }
  | { readonly kind: 'statistic'; readonly probability: number }
  /** Holds always, and counts in an object that `nfacct` lists. */
  | { readonly kind: 'nfacct'; readonly name: string }
  | {
      readonly kind: 'recent';
      readonly op: 'set' | 'rcheck' | 'update' | 'remove';
      readonly name: string;
      readonly seconds?: number;
      readonly hitcount?: number;
      readonly reap?: true;
      readonly invert?: true;
    }
  | {
      readonly kind: 'multiport';
      readonly side: 'sports' | 'dports' | 'ports';
      readonly ports: readonly PortRange[];
      readonly invert?: true;
    }
  | { readonly kind: 'set'; readonly name: string; readonly dirs: readonly ('src' | 'dst')[]; readonly invert?: true }
  | {
      readonly kind: 'physdev';
      readonly isIn?: Inverted<true>;
      readonly in?: string;
      readonly out?: string;
      readonly isBridged?: true;
    }
  | {
      readonly kind: 'ipvs';
      readonly vproto?: Inverted<PortProtocol>;
      readonly vaddr?: Inverted<Cidr>;
      readonly vport?: Inverted<number>;
    }
  | { readonly kind: 'rpfilter'; readonly invert?: true; readonly validmark?: true };

export interface Inverted<T> {
  readonly value: T;
  readonly invert?: true;
}

/** `--tcp-flags mask comp`, letters as in `Tcp.flags`. */
export interface TcpFlags {
  readonly mask: string;
  readonly comp: string;
}

export type AddrType = 'LOCAL' | 'UNICAST' | 'BROADCAST' | 'MULTICAST' | 'BLACKHOLE' | 'UNREACHABLE' | 'PROHIBIT';

export type Target =
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'ACCEPT' | 'DROP' | 'RETURN' | 'NOTRACK' }
  | { readonly kind: 'REJECT'; readonly with: RejectWith }
  /** A copy for whoever listens to that group. */
  | { readonly kind: 'NFLOG'; readonly group: number }
  | { readonly kind: 'DNAT'; readonly to: Ip; readonly port?: number }
  | { readonly kind: 'SNAT'; readonly to: Ip; readonly port?: number; readonly randomFully?: true }
  | { readonly kind: 'MASQUERADE'; readonly randomFully?: true }
  /** `mark = (mark & ~mask) ^ value`, as `--set-xmark value/mask`. */
  | { readonly kind: 'MARK'; readonly value: number; readonly mask: number };

export type RejectWith =
  | 'icmp-port-unreachable'
  | 'icmp-host-unreachable'
  | 'icmp-net-unreachable'
  | 'icmp-proto-unreachable'
  | 'icmp-host-prohibited'
  | 'icmp-net-prohibited'
  | 'icmp-admin-prohibited'
  | RejectWith6
  | 'tcp-reset';

/** Those of ip6tables. */
export type RejectWith6 =
  | 'icmp6-no-route'
  | 'icmp6-adm-prohibited'
  | 'icmp6-addr-unreachable'
  | 'icmp6-port-unreachable';

export interface Rule {
  readonly src?: Inverted<Cidr>;
  readonly dst?: Inverted<Cidr>;
  /** Device name, or a prefix followed by `+`. */
  readonly iif?: Inverted<string>;
  readonly oif?: Inverted<string>;
  /** By the names of /etc/protocols. */
  readonly proto?: Inverted<Protocol | 'ipencap'>;
  readonly matches: readonly Match[];
  /** None: the rule only counts. */
  readonly target: Target | null;
  readonly origin?: Origin;
}

/** A chain; built-in ones have a policy. */
export interface Chain {
  readonly name: string;
  readonly policy: 'ACCEPT' | 'DROP' | null;
  readonly rules: readonly Rule[];
}

/** One table: built-in chains first (in kernel hook order), then user chains in order of creation. */
export interface Table {
  readonly name: TableName;
  readonly chains: ReadonlyMap<string, Chain>;
}

export type Ruleset = ReadonlyMap<TableName, Table>;

const NO_RULES: Ruleset = new Map();

/** The rules that packets of a family meet. */
export const rulesetOf = (
  { iptables, ip6tables = NO_RULES }: { readonly iptables: Ruleset; readonly ip6tables?: Ruleset | undefined },
  family: 4 | 6 | undefined,
): Ruleset => (family === 6 ? ip6tables : iptables);

/** The command of a family. */
export const toolOf = (family: 4 | 6 | undefined): 'iptables' | 'ip6tables' =>
  family === 6 ? 'ip6tables' : 'iptables';

/** What a writer asks iptables to do. Fragments of several writers are applied in the order in which the writers started. */
export type RuleOp =
  | { readonly op: 'new-chain'; readonly table: TableName; readonly chain: string }
  /** A `:CHAIN` line of iptables-restore with all rules that it gets: makes the chain, or empties it, and fills it. */
  | { readonly op: 'restore'; readonly table: TableName; readonly chain: string; readonly rules: readonly Rule[] }
  /** The same of many chains at once; none of them is a built-in one. */
  | { readonly op: 'restore-all'; readonly table: TableName; readonly chains: ReadonlyMap<string, Chain> }
  | { readonly op: 'append' | 'insert'; readonly table: TableName; readonly chain: string; readonly rule: Rule }
  | { readonly op: 'policy'; readonly table: TableName; readonly chain: HookName; readonly policy: 'ACCEPT' | 'DROP' };

/** Which built-in chains a table has: netfilter registers it at these hooks. */
export const BUILTIN_CHAINS: Readonly<Record<TableName, readonly HookName[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};
