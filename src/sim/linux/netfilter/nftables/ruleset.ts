/**
 * nftables as data: what a driver writes, what the kernel model runs and what `nft -s list table` prints are this one value. A subset:
 * the expressions that kube-proxy's nftables mode uses, and their negations. Names are those of nft(8).
 */
import type { Cidr, Ip } from '../../../wire/ip.ts';
import type { Origin } from '../../origin.ts';
import type { HookName, RejectWith } from '../iptables/rule.ts';

/** A table sees the packets of its family only, one of `inet` those of both. */
export type NftFamily = 'ip' | 'ip6' | 'inet';

/** The parts of a key in a set or map, in order. */
export type NftType = 'ipv4_addr' | 'ipv6_addr' | 'inet_proto' | 'inet_service';

export type NftProto = 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6';

/** In a table of `inet` each address says of which family it is; packets of the other one break the rule there. */
export type NftAddressFamily = Exclude<NftFamily, 'inet'>;

/** What a concatenation is made of: `ip daddr . meta l4proto . th dport`. Addresses are those of the table's family. */
export type NftField = 'saddr' | 'daddr' | 'l4proto' | 'dport';

/** Parts of a rule that let it go on or stop it (NFT_BREAK). */
export type NftMatch =
  /** `ip saddr 10.0.0.0/8`, `ip saddr != { … }`. More than one network, or `inSet`, is an anonymous set. */
  | {
      readonly kind: 'address';
      readonly side: 'saddr' | 'daddr';
      readonly nets: readonly Cidr[];
      readonly inSet?: true;
      readonly invert?: true;
    }
  /** `meta nfproto ipv6`: of tables of `inet`. */
  | { readonly kind: 'nfproto'; readonly family: 4 | 6; readonly invert?: true }
  | { readonly kind: 'l4proto'; readonly protos: readonly NftProto[]; readonly invert?: true }
  /** `th dport 80`, `tcp dport { 80, 443 }`. */
  | {
      readonly kind: 'dport';
      readonly of: 'th' | 'tcp' | 'udp' | 'sctp';
      readonly ports: readonly number[];
      readonly invert?: true;
    }
  /** A device name, or a prefix followed by `*`. */
  | { readonly kind: 'iifname' | 'oifname'; readonly name: string; readonly invert?: true }
  /** `ip daddr @cluster-ips`. */
  | {
      readonly kind: 'in-set';
      readonly of?: NftAddressFamily;
      readonly key: readonly NftField[];
      readonly set: string;
      readonly invert?: true;
    }
  | { readonly kind: 'ct-state'; readonly states: readonly NftCtState[]; readonly invert?: true }
  | { readonly kind: 'ct-status'; readonly status: 'snat' | 'dnat' }
  /** `meta mark & MASK == VALUE`; without a mask `meta mark VALUE`. */
  | { readonly kind: 'mark'; readonly mask: number; readonly value: number; readonly invert?: true }
  | { readonly kind: 'fib'; readonly side: 'saddr' | 'daddr'; readonly type: 'local'; readonly invert?: true };

/** In the order of their bits, in which they print. */
export const CT_STATES = ['invalid', 'established', 'related', 'new', 'untracked'] as const;
export type NftCtState = (typeof CT_STATES)[number];

/** Parts of a rule that change something. */
export type NftAction =
  | { readonly kind: 'mark-set'; readonly op: 'or' | 'xor' | 'and'; readonly value: number }
  /** `update @SET { ip saddr }`: the address is remembered, or its time starts again. */
  | {
      readonly kind: 'update';
      readonly of?: NftAddressFamily;
      readonly set: string;
      readonly side: 'saddr' | 'daddr';
    }
  | { readonly kind: 'dnat'; readonly to: Ip; readonly port?: number }
  /** `dnat ip to numgen random mod N map { 0 : IP . PORT, … }`. */
  | { readonly kind: 'dnat-numgen'; readonly slots: readonly NftEndpoint[] }
  | { readonly kind: 'masquerade'; readonly fullyRandom?: true };

export interface NftEndpoint {
  readonly ip: Ip;
  readonly port: number;
}

/** Verdicts that a map element may hold. */
export type NftVerdict =
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'accept' | 'drop' | 'return' | 'continue' };

/** Parts of a rule that end it. */
export type NftDecision =
  | NftVerdict
  | { readonly kind: 'reject'; readonly with: RejectWith }
  /** `ip daddr . meta l4proto . th dport vmap @service-ips`. */
  | { readonly kind: 'vmap'; readonly of?: NftAddressFamily; readonly key: readonly NftField[]; readonly map: string }
  /** `numgen random mod N vmap { 0 : goto …, … }`. */
  | { readonly kind: 'numgen-vmap'; readonly slots: readonly NftVerdict[] };

export type NftStatement = NftMatch | NftAction | NftDecision;

/** Evaluated from left to right; the first statement that does not hold ends the rule, and what ran before it stays. */
export interface NftRule {
  readonly statements: readonly NftStatement[];
  readonly comment?: string;
  readonly origin?: Origin;
}

/** What makes a chain one that netfilter calls. */
export interface NftHook {
  readonly type: 'filter' | 'nat';
  readonly hook: HookName;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
}

export interface NftChain {
  readonly name: string;
  readonly comment?: string;
  /** Base chains only. */
  readonly base?: NftHook;
  readonly rules: readonly NftRule[];
}

/** `key` as nft prints it: `10.96.0.1 . tcp . 443`. */
export interface NftElement {
  readonly key: string;
  readonly comment?: string;
  readonly origin?: Origin;
  /** In maps, and in every element of them. */
  readonly verdict?: NftVerdict;
}

/** A named set, or a verdict map: nf_tables keeps both as sets, in one namespace and in order of creation. */
export interface NftSet {
  readonly kind: 'set' | 'map';
  readonly name: string;
  readonly type: readonly NftType[];
  readonly comment?: string;
  readonly sizeMax?: number;
  /** Packets add elements (`flags dynamic,timeout`), each for so long. */
  readonly timeoutSeconds?: number;
  /** By `key`. */
  readonly elements: ReadonlyMap<string, NftElement>;
  readonly origin?: Origin;
}

export interface NftTable {
  readonly family: NftFamily;
  readonly name: string;
  readonly comment?: string;
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

/** What a set that rules write to gets when it names no size (NFT_DYNSET in net/netfilter/nft_dynset.c). */
export const DYNAMIC_SIZE_MAX = 65_535;

export const keyOf = (...parts: readonly (string | number)[]): string => parts.join(' . ');

/** All bits of a mark: a comparison without a mask. */
export const WHOLE_MARK = 0xffffffff;
