/** Priorities by name, as nft prints them (nft(8), "CHAINS"; src/rule.c `prio2str`). */
import type { HookName } from '../iptables/rule.ts';

/** include/uapi/linux/netfilter_ipv4.h. `dstnat` and `srcnat` are names at one hook only. */
const NAMED: readonly { readonly name: string; readonly priority: number; readonly hook?: HookName }[] = [
  { name: 'raw', priority: -300 },
  { name: 'mangle', priority: -150 },
  { name: 'dstnat', priority: -100, hook: 'PREROUTING' },
  { name: 'filter', priority: 0 },
  { name: 'security', priority: 50 },
  { name: 'srcnat', priority: 100, hook: 'POSTROUTING' },
];

/** A priority this near to a named one is told from it. */
const REACH = 10;

export function printPriority(priority: number, hook: HookName): string {
  const near = NAMED.find((each) => Math.abs(priority - each.priority) <= REACH && (each.hook ?? hook) === hook);
  if (!near) return String(priority);
  const offset = priority - near.priority;
  return offset === 0 ? near.name : `${near.name} ${offset > 0 ? '+' : '-'} ${Math.abs(offset)}`;
}

/** Words as the printer writes them, or a plain number. */
export function parsePriority(text: string): number | undefined {
  const [, name, sign, offset] = /^([a-z]+)(?: ([+-]) (\d+))?$/.exec(text) ?? [];
  if (name === undefined) return /^-?\d+$/.test(text) ? Number(text) : undefined;
  const named = NAMED.find((each) => each.name === name);
  if (!named) return undefined;
  return named.priority + Number(offset ?? 0) * (sign === '-' ? -1 : 1);
}
