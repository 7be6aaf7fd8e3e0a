/** xt_recent: lists of addresses that were seen, by name (net/netfilter/xt_recent.c). */
import type { Ip } from '../../wire/ip.ts';
import type { Match } from './iptables/rule.ts';

/** `ip_list_tot`: the oldest address makes room. */
export const RECENT_ENTRIES_MAX = 100;
const NS_PER_S = 1_000_000_000;

type Recent = Extract<Match, { kind: 'recent' }>;

export function recentMatches(lists: Map<string, Map<Ip, number>>, match: Recent, address: Ip, nowNs: number): boolean {
  const list = lists.get(match.name) ?? new Map<Ip, number>();
  lists.set(match.name, list);
  const held = apply(list, match, address, nowNs);
  return held !== (match.invert === true);
}

function apply(list: Map<Ip, number>, match: Recent, address: Ip, nowNs: number): boolean {
  const seen = list.get(address);
  if (match.op === 'set') {
    remember(list, address, nowNs);
    return true;
  }
  if (match.op === 'remove') return list.delete(address);
  const fresh = seen !== undefined && (match.seconds === undefined || nowNs - seen <= match.seconds * NS_PER_S);
  if (match.reap && seen !== undefined && !fresh) list.delete(address);
  if (fresh && match.op === 'update') remember(list, address, nowNs);
  return fresh;
}

function remember(list: Map<Ip, number>, address: Ip, nowNs: number): void {
  list.delete(address);
  list.set(address, nowNs);
  if (list.size <= RECENT_ENTRIES_MAX) return;
  const oldest = list.keys().next();
  if (!oldest.done) list.delete(oldest.value);
}
