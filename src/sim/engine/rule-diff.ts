/** What an edit changed in what the proxy of a node wrote, as the tools print it: what the control loop did. */
import type { Fragment } from '../drivers/contract.ts';
import type { Sysctl } from '../linux/config.ts';
import { printIpvsadmSave } from '../linux/ipvs/print.ts';
import { printSetsSave } from '../linux/netfilter/ipset.ts';
import { applyRuleOps } from '../linux/netfilter/iptables/build.ts';
import { chainsInPrintOrder, printRule } from '../linux/netfilter/iptables/print.ts';
import type { Table } from '../linux/netfilter/iptables/rule.ts';
import { printChain, printElement, printRule as printNftRule, printSet } from '../linux/netfilter/nftables/print.ts';
import type { NftChain, NftSet, NftTable } from '../linux/netfilter/nftables/ruleset.ts';
import { printAddress } from '../linux/print/ip-addr.ts';
import { printSysctl } from '../linux/print/sysctl.ts';
import type { World } from './world.ts';

export interface RuleDiff {
  readonly node: string;
  /** In the order in which the tools print them. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** A line, and what tells it from an equal line of another table. */
interface Written {
  readonly place: string;
  readonly line: string;
}

/** What `after` has and `before` has not, and the other way round. The order of lines is not compared. */
export function ruleDiff(before: World, after: World, node: string): RuleDiff {
  const [was, is] = [before, after].map((world) => world.proxyPlans?.get(node));
  if (was === is) return { node, added: [], removed: [] };
  const [old, fresh] = [writtenBy(was?.node ?? {}), writtenBy(is?.node ?? {})];
  return { node, added: without(fresh, old), removed: without(old, fresh) };
}

/** Of every node on which something changed, those of `after` first. */
export function ruleDiffs(before: World, after: World): readonly RuleDiff[] {
  if (before.proxyPlans === after.proxyPlans) return [];
  const nodes = new Set([...(after.proxyPlans?.keys() ?? []), ...(before.proxyPlans?.keys() ?? [])]);
  return Array.from(nodes, (node) => ruleDiff(before, after, node)).filter(
    ({ added, removed }) => added.length + removed.length > 0,
  );
}

function without(lines: readonly Written[], others: readonly Written[]): readonly string[] {
  const counts = new Map<string, number>();
  const keyOf = ({ place, line }: Written): string => `${place} ${line}`;
  for (const other of others) counts.set(keyOf(other), (counts.get(keyOf(other)) ?? 0) + 1);
  return lines.flatMap((written) => {
    const left = counts.get(keyOf(written)) ?? 0;
    counts.set(keyOf(written), left - 1);
    return left > 0 ? [] : [written.line];
  });
}

function writtenBy(fragment: Fragment): readonly Written[] {
  const {
    iptables = [],
    ip6tables = [],
    nftables = [],
    ipvs = [],
    ipsets = [],
    addresses = [],
    sysctl = {},
  } = fragment;
  const at = (place: string, lines: readonly string[]): readonly Written[] => lines.map((line) => ({ place, line }));
  return [
    ...[...applyRuleOps(iptables).values()].flatMap((table) => at(table.name, tableLines(table))),
    ...[...applyRuleOps(ip6tables).values()].flatMap((table) => at(`${table.name} of IPv6`, tableLines(table))),
    ...nftables.flatMap((table) => at(`${table.family} ${table.name}`, nftLines(table))),
    ...at('ipvs', printIpvsadmSave(ipvs).split('\n').filter(Boolean)),
    ...at('ipset', printSetsSave(ipsets).split('\n').filter(Boolean)),
    ...at('addr', addresses.map(printAddress)),
    ...at(
      'sysctl',
      (Object.entries(sysctl) as [keyof Sysctl, number][]).map(([key, value]) => printSysctl(key, value)),
    ),
  ];
}

/** As `iptables-save`, without the chains that are always there. */
function tableLines(table: Table): readonly string[] {
  const chains = chainsInPrintOrder(table);
  return [
    ...chains.filter(({ policy }) => policy === null).map(({ name }) => `:${name} - [0:0]`),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => printRule(name, rule))),
  ];
}

/** As `nft list table`, with each rule and element in its own braces, so that a line says where it stands. */
function nftLines(table: NftTable): readonly string[] {
  return [
    ...Array.from(table.sets.values(), setLines).flat(),
    ...Array.from(table.chains.values(), (chain) => chainLines(table, chain)).flat(),
  ];
}

function setLines(set: NftSet): readonly string[] {
  const place = `${set.kind} ${set.name}`;
  const elements = Array.from(set.elements.values(), (element) => `${place} { ${printElement(element)} }`);
  return [bracket(place, printSet({ ...set, elements: new Map() })), ...elements];
}

function chainLines({ family }: NftTable, chain: NftChain): readonly string[] {
  const place = `chain ${chain.name}`;
  const rules = chain.rules.map((rule) => `${place} { ${printNftRule(family, rule)} }`);
  return [bracket(place, printChain(family, { ...chain, rules: [] })), ...rules];
}

/** The lines between the braces, in one. */
function bracket(place: string, printed: readonly string[]): string {
  const inner = printed.slice(1, -1).map((line) => line.trim());
  return inner.length === 0 ? `${place} { }` : `${place} { ${inner.join('; ')} }`;
}
