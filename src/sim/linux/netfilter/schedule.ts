/**
 * Who is called at each hook of a family, in order of priority (include/uapi/linux/netfilter_ipv4.h; netfilter_ipv6.h has the same
 * numbers; IPVS: ip_vs_ops4 and ip_vs_ops6 in net/netfilter/ipvs/ip_vs_core.c). Only what a namespace has is listed: a pod without rules costs nothing.
 */
import type { HookName, Ruleset, TableName } from './iptables/rule.ts';
import { chainsAt, type HookChain } from './nftables/chains-at.ts';
import type { NftTable } from './nftables/ruleset.ts';

export type Stage = 'defrag' | 'conntrack' | 'confirm' | 'ipvs-reply' | 'ipvs-request' | TableName;

/** A stage of the kernel or of iptables, or one base chain of nftables. */
export type Scheduled = { readonly stage: Stage } | { readonly chain: HookChain };

export interface Schedule {
  readonly stages: readonly Scheduled[];
  /** Chains of type nat: asked by the nat stage, before iptables' nat table. */
  readonly natChains: readonly HookChain[];
}

const LAST = Number.POSITIVE_INFINITY;

const STAGES: Readonly<Record<HookName, readonly (readonly [priority: number, stage: Stage])[]>> = {
  PREROUTING: [
    [-400, 'defrag'],
    [-300, 'raw'],
    [-200, 'conntrack'],
    [-150, 'mangle'],
    [-100, 'nat'],
  ],
  INPUT: [
    [-150, 'mangle'],
    [0, 'filter'],
    [98, 'ipvs-reply'],
    [99, 'ipvs-request'],
    [100, 'nat'],
    [LAST, 'confirm'],
  ],
  FORWARD: [
    [-150, 'mangle'],
    [0, 'filter'],
    [99, 'ipvs-request'],
    [100, 'ipvs-reply'],
  ],
  OUTPUT: [
    [-400, 'defrag'],
    [-300, 'raw'],
    [-200, 'conntrack'],
    [-150, 'mangle'],
    [-100, 'nat'],
    [-99, 'ipvs-reply'],
    [-98, 'ipvs-request'],
    [0, 'filter'],
  ],
  POSTROUTING: [
    [-150, 'mangle'],
    [100, 'nat'],
    [LAST, 'confirm'],
  ],
};

/** What one family has. */
interface Parts {
  readonly rules: Ruleset;
  readonly nftables: readonly NftTable[];
  readonly hasIpvs: boolean;
  /** One nat chain anywhere, and translation is called at all four hooks (`nf_nat_register_fn`). */
  readonly hasNat: boolean;
}

/** At equal priority the table that was loaded later is called first; nftables writers start after kubelet made the iptables tables. */
export function scheduleOf(parts: Parts, hook: HookName, tracks: boolean): Schedule {
  const chains = chainsAt(parts.nftables, hook);
  const natChains = chains.filter(({ chain }) => chain.base?.type === 'nat');
  const entries: { readonly priority: number; readonly item: Scheduled }[] = chains
    .filter(({ chain }) => chain.base?.type !== 'nat')
    .map((chain) => ({ priority: chain.priority, item: { chain } }));
  for (const [priority, stage] of STAGES[hook])
    if (isPresent(parts, stage, tracks)) entries.push({ priority, item: { stage } });
  entries.sort((a, b) => a.priority - b.priority);
  return { stages: entries.map(({ item }) => item), natChains };
}

function isPresent({ rules, hasIpvs, hasNat }: Parts, stage: Stage, tracks: boolean): boolean {
  switch (stage) {
    case 'defrag':
    case 'conntrack':
    case 'confirm':
      return tracks;
    case 'ipvs-reply':
    case 'ipvs-request':
      return hasIpvs;
    case 'nat':
      return hasNat;
    default:
      return rules.has(stage);
  }
}
