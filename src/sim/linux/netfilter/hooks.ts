/** The five hooks of IP, of either family: calls in turn what `schedule.ts` lists for a namespace. */

import { familyOf } from '../../wire/ip.ts';
import { runIpvs } from '../ipvs/hook.ts';
import type { Kernel } from '../kernel.ts';
import { drop, tell } from '../kernel.ts';
import type { Netfilter, Netns } from '../netns.ts';
import { gather } from '../reassembly.ts';
import { ipOf, type Skb } from '../skb.ts';
import type { Culprit } from '../step.ts';
import { snapshot, track } from './conntrack.ts';
import { printRule } from './iptables/print.ts';
import type { HookName, Rule } from './iptables/rule.ts';
import { manipAt } from './manip.ts';
import type { HookContext } from './matches.ts';
import { isDone, setUpNothing, translate } from './nat.ts';
import type { HookChain } from './nftables/chains-at.ts';
import { printRule as printNftRule } from './nftables/print.ts';
import type { NftTable } from './nftables/ruleset.ts';
import { type NftWalk, walkBaseChain } from './nftables/walk.ts';
import type { Stage } from './schedule.ts';
import { type WalkVerdict, walkTable } from './walk.ts';

const netfilterFor = (ns: Netns, skb: Skb): Netfilter => ns.netfilter[familyOf(ipOf(skb).dst)];

/** Runs a hook. False: the packet is gone (dropped and told, or kept back as a fragment). */
export function runHook(
  k: Kernel,
  ns: Netns,
  skb: Skb,
  hook: HookName,
  iif?: string,
  oif?: string,
  rerouted?: () => boolean,
): boolean {
  tell(k, ns, skb, {
    kind: 'hook',
    family: 'ip',
    hook,
    ...(iif === undefined ? {} : { iif }),
    ...(oif === undefined ? {} : { oif }),
  });
  for (const scheduled of netfilterFor(ns, skb).schedule[hook].stages) {
    if ('chain' in scheduled) {
      if (!runChain(k, ns, skb, scheduled.chain, iif, oif)) return false;
      continue;
    }
    if (!runStage(k, ns, skb, hook, scheduled.stage, iif, oif)) return false;
    if (scheduled.stage === 'nat' && rerouted && !rerouted()) return false;
  }
  return true;
}

function runStage(k: Kernel, ns: Netns, skb: Skb, hook: HookName, stage: Stage, iif?: string, oif?: string): boolean {
  switch (stage) {
    case 'defrag':
      return gather(k, ns, skb, 'conntrack');
    case 'conntrack':
      lookUp(k, ns, skb);
      return true;
    case 'confirm':
      return confirm(k, ns, skb);
    case 'ipvs-reply':
    case 'ipvs-request':
      return runIpvs(k, ns, skb, hook, stage === 'ipvs-reply' ? 'reply' : 'request');
    case 'nat':
      return runNat(k, ns, skb, hook, iif, oif);
    default: {
      const table = netfilterFor(ns, skb).rules.get(stage);
      if (!table) return true;
      const at: HookContext = { k, ns, skb, iif, oif, table };
      return settle(walkTable(at, hook), at, hook);
    }
  }
}

/** False: a packet of the same flow was faster, and its connection leads elsewhere. */
function confirm(k: Kernel, ns: Netns, skb: Skb): boolean {
  if (!skb.ct?.entry) return true;
  const standing = ns.memory.conntrack.confirm(skb.ct.entry);
  if (standing) {
    if (standing !== skb.ct.entry) skb.ct = { ...skb.ct, entry: standing };
    return true;
  }
  const detail =
    'another packet of this socket was faster: its connection has these addresses already and leads to another endpoint, so this one cannot be entered';
  drop(k, ns, skb, 'CT_CLASH', detail, { kind: 'none', text: 'conntrack -S: insert_failed=1 drop=1' });
  return false;
}

/** One base chain of nftables that only filters. */
function runChain(k: Kernel, ns: Netns, skb: Skb, chain: HookChain, iif?: string, oif?: string): boolean {
  return settleNft(k, ns, skb, chain, walkNft(k, ns, skb, chain, iif, oif));
}

function walkNft(k: Kernel, ns: Netns, skb: Skb, { table, chain }: HookChain, iif?: string, oif?: string): NftWalk {
  const { numgen } = k.choices;
  return walkBaseChain(
    { k, ns, skb, iif, oif, table, learned: ns.memory.nftSets, numgen, tell: (event) => tell(k, ns, skb, event) },
    chain,
  );
}

function settleNft(k: Kernel, ns: Netns, skb: Skb, { table, chain }: HookChain, walk: NftWalk): boolean {
  if (walk.accept) return true;
  if (walk.reject) k.ops.reject(k, ns, skb, walk.reject);
  const where = `${table.name} ${walk.by?.chain.name ?? chain.name}`;
  const detail = walk.reject ? `rejected in ${where} (${walk.reject})` : `dropped in ${where}`;
  drop(k, ns, skb, 'NETFILTER_DROP', detail, walk.by && nftCulprit(table, walk.by));
  return false;
}

function nftCulprit({ family }: NftTable, { chain, rule }: NonNullable<NftWalk['by']>): Culprit {
  if (!rule) return { kind: 'policy', text: `chain ${chain.name}: policy drop` };
  const text = `${chain.name}: ${printNftRule(family, rule)}`;
  return rule.origin ? { kind: 'rule', text, origin: rule.origin } : { kind: 'rule', text };
}

function lookUp(k: Kernel, ns: Netns, skb: Skb): void {
  // Over loopback, and for errors that this kernel made, the packet already has its entry: it is left alone.
  if (skb.ct) return;
  const { ref, created } = track(
    ns.memory.conntrack,
    ipOf(skb),
    ns.sysctl['netfilter.nf_conntrack_tcp_loose'] === 1,
    k.isRacing && !skb.outer,
  );
  skb.ct = ref;
  tell(k, ns, skb, {
    kind: 'conntrack',
    state: ref.state,
    dir: ref.dir,
    entry: ref.entry ? snapshot(ref.entry) : null,
    created,
  });
}

/** `nf_nat_inet_fn`: rules for a NEW flow whose side is undecided, the entry's translation for all. */
function runNat(k: Kernel, ns: Netns, skb: Skb, hook: HookName, iif?: string, oif?: string): boolean {
  const entry = skb.ct?.entry;
  if (!entry) return true;
  const manip = manipAt(hook);
  let cause: 'rule' | 'conntrack' = 'conntrack';
  if (skb.ct?.state === 'NEW' && !isDone(entry, manip)) {
    const decided = askNatRules(k, ns, skb, hook, iif, oif);
    if (decided === 'dropped') return false;
    if (decided === 'translated') cause = 'rule';
    else if (!setUpNothing(k, ns, entry, manip)) return false;
  }
  translate(k, ns, skb, hook, cause);
  return true;
}

/** nftables' chains of type nat, then iptables' table; the first that translates ends it. */
function askNatRules(
  k: Kernel,
  ns: Netns,
  skb: Skb,
  hook: HookName,
  iif?: string,
  oif?: string,
): 'translated' | 'dropped' | null {
  const { schedule, rules } = netfilterFor(ns, skb);
  for (const chain of schedule[hook].natChains) {
    const walk = walkNft(k, ns, skb, chain, iif, oif);
    if (!settleNft(k, ns, skb, chain, walk)) return 'dropped';
    if (walk.translated) return 'translated';
  }
  const table = rules.get('nat');
  if (!table) return null;
  const at: HookContext = { k, ns, skb, iif, oif, table };
  const verdict = walkTable(at, hook);
  if (!settle(verdict, at, hook)) return 'dropped';
  return verdict.translated ? 'translated' : null;
}

/** Carries a verdict out: REJECT answers, every drop names its rule or policy. */
function settle(verdict: WalkVerdict, at: HookContext, hook: HookName): boolean {
  if (verdict.accept) return true;
  if (verdict.reject) at.k.ops.reject(at.k, at.ns, at.skb, verdict.reject);
  const { by } = verdict;
  const where = `${at.table.name} ${by?.chain.name ?? hook}`;
  drop(
    at.k,
    at.ns,
    at.skb,
    'NETFILTER_DROP',
    verdict.reject ? `rejected in ${where} (${verdict.reject})` : `dropped in ${where}`,
    by && culpritOf(by.chain.name, by.rule),
  );
  return false;
}

function culpritOf(chain: string, rule: Rule | null): Culprit {
  if (!rule) return { kind: 'policy', text: `-P ${chain} DROP` };
  const text = printRule(chain, rule);
  return rule.origin ? { kind: 'rule', text, origin: rule.origin } : { kind: 'rule', text };
}
