/**
 * The five hooks of IPv4 and who is called at each, in order of priority (include/uapi/linux/netfilter_ipv4.h):
 * defragmentation -400, raw -300, conntrack -200, mangle -150, nat (destination) -100, filter 0, nat (source) 100, confirm last.
 */
import type { Kernel } from '../kernel.ts';
import { drop, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { gather } from '../reassembly.ts';
import { ipOf, type Skb } from '../skb.ts';
import type { Culprit } from '../step.ts';
import { snapshot, track } from './conntrack.ts';
import { printRule } from './iptables/print.ts';
import type { HookName, Rule, TableName } from './iptables/rule.ts';
import type { HookContext } from './matches.ts';
import { isDone, manipAt, setUpNothing, translate } from './nat.ts';
import { type WalkVerdict, walkTable } from './walk.ts';

type Stage = 'defrag' | 'conntrack' | 'confirm' | TableName;

const STAGES: Readonly<Record<HookName, readonly Stage[]>> = {
  PREROUTING: ['defrag', 'raw', 'conntrack', 'mangle', 'nat'],
  INPUT: ['mangle', 'filter', 'nat', 'confirm'],
  FORWARD: ['mangle', 'filter'],
  OUTPUT: ['defrag', 'raw', 'conntrack', 'mangle', 'nat', 'filter'],
  POSTROUTING: ['mangle', 'nat', 'confirm'],
};

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
  for (const stage of STAGES[hook]) {
    if (!runStage(k, ns, skb, hook, stage, iif, oif)) return false;
    if (stage === 'nat' && rerouted && !rerouted()) return false;
  }
  return true;
}

function runStage(k: Kernel, ns: Netns, skb: Skb, hook: HookName, stage: Stage, iif?: string, oif?: string): boolean {
  if (stage === 'defrag') return !ns.tracks || gather(k, ns, skb, 'conntrack');
  if (stage === 'conntrack') {
    lookUp(k, ns, skb);
    return true;
  }
  if (stage === 'confirm') {
    if (skb.ct?.entry) ns.memory.conntrack.confirm(skb.ct.entry);
    return true;
  }
  if (stage === 'nat') return runNat(k, ns, skb, hook, iif, oif);
  const table = ns.config.iptables.get(stage);
  return !table || settle(walkTable({ k, ns, skb, iif, oif, table }, hook), { k, ns, skb, iif, oif, table }, hook);
}

function lookUp(k: Kernel, ns: Netns, skb: Skb): void {
  // Over loopback, and for errors that this kernel made, the packet already has its entry: it is left alone.
  if (!ns.tracks || skb.ct) return;
  const { ref, created } = track(ns.memory.conntrack, ipOf(skb), ns.sysctl['netfilter.nf_conntrack_tcp_loose'] === 1);
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
  const table = ns.config.iptables.get('nat');
  if (!entry || !table) return true;
  const manip = manipAt(hook);
  let cause: 'rule' | 'conntrack' = 'conntrack';
  if (skb.ct?.state === 'NEW' && !isDone(entry, manip)) {
    const at: HookContext = { k, ns, skb, iif, oif, table };
    const verdict = walkTable(at, hook);
    if (!settle(verdict, at, hook)) return false;
    if (verdict.translated) cause = 'rule';
    else if (!setUpNothing(k, ns, entry, manip)) return false;
  }
  translate(k, ns, skb, hook, cause);
  return true;
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
