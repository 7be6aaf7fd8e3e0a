/**
 * The rules of a namespace as the tools print them, line by line, each line with the names by which steps point at it. A view: nothing
 * here decides what a rule does.
 */
import type { NetnsConfig, NsId } from '../../sim/linux/config.ts';
import { printSetsSave } from '../../sim/linux/netfilter/ipset.ts';
import { chainsInPrintOrder, printRule } from '../../sim/linux/netfilter/iptables/print.ts';
import { type Ruleset, rulesetOf, type TableName, toolOf } from '../../sim/linux/netfilter/iptables/rule.ts';
import type { FaultEvent } from '../../sim/scenario/scenario.ts';
import { memberDeleted, ruleDeleted, type TablePlace } from '../faults/deletions.ts';
import { bpfRows } from './artefact-bpf.ts';
import { ipvsRows } from './artefact-ipvs.ts';
import { nftRows } from './artefact-nft.ts';

export interface XrayRow {
  readonly text: string;
  /** `entry`: an element of a set, a server, an address: what a lookup can find. */
  readonly kind: 'command' | 'head' | 'rule' | 'entry';
  /** What steps call it; several where the tool prints several elements on one line. */
  readonly keys: readonly string[];
  /** For each key the event that deletes what it names; absent on lines that nobody deletes. */
  readonly deletions?: readonly FaultEvent[];
}

export interface Artefact {
  /** `iptables-save`, `nft list table ip kube-proxy` … in the order of the sections. */
  readonly commands: readonly string[];
  readonly rows: readonly XrayRow[];
  readonly byKey: ReadonlyMap<string, XrayRow>;
}

export const ruleKey = ({ family, table }: TablePlace, chain: string, index: number): string =>
  `${family === 6 ? 'ip6 ' : ''}${table} ${chain} ${index}`;
export const ipsetKey = (set: string, member: string): string => `ipset ${set} ${member}`;

export const headRow = (text: string): XrayRow => ({ text, kind: 'head', keys: [] });

export const hasRules = ({ iptables, ip6tables, nftables, ipvs, bpf }: NetnsConfig): boolean =>
  iptables.size + (ip6tables?.size ?? 0) > 0 ||
  (nftables?.length ?? 0) > 0 ||
  (ipvs?.length ?? 0) > 0 ||
  (bpf?.attachments.length ?? 0) > 0;

const made = new WeakMap<NetnsConfig, Artefact>();

/** Printed once for a configuration: a large one takes a good part of a second. */
export function artefactOf(config: NetnsConfig): Artefact {
  const known = made.get(config);
  if (known) return known;
  const artefact = makeArtefact(config);
  made.set(config, artefact);
  return artefact;
}

interface Section {
  readonly command: string;
  readonly rows: readonly XrayRow[];
}

function makeArtefact(config: NetnsConfig): Artefact {
  const sections: readonly Section[] = [
    ...(config.nftables ?? []).map((table) => ({
      command: `nft list table ${table.family} ${table.name}`,
      rows: nftRows(config.id, table),
    })),
    ...ipvsRows(config),
    ...(config.ipsets.length > 0 ? [{ command: 'ipset save', rows: ipsetRows(config) }] : []),
    ...([4, 6] as const).flatMap((family) => {
      const ruleset = rulesetOf(config, family);
      const section = { command: `${toolOf(family)}-save`, rows: iptablesRows(config.id, ruleset, family) };
      return ruleset.size > 0 ? [section] : [];
    }),
    ...bpfRows(config),
  ];
  const rows = sections.flatMap(({ command, rows: own }, at): XrayRow[] => [
    ...(at > 0 ? [headRow('')] : []),
    { text: `$ ${command}`, kind: 'command', keys: [] },
    ...own,
  ]);
  const byKey = new Map<string, XrayRow>();
  for (const row of rows) for (const key of row.keys) byKey.set(key, row);
  return { commands: sections.map(({ command }) => command), rows, byKey };
}

const TABLES: readonly TableName[] = ['mangle', 'raw', 'filter', 'nat'];

export function iptablesRows(ns: NsId, ruleset: Ruleset, family: 4 | 6 = 4): readonly XrayRow[] {
  return TABLES.flatMap((name) => {
    const table = ruleset.get(name);
    if (table === undefined) return [];
    const chains = chainsInPrintOrder(table);
    const place = { family, table: name };
    const copies = new Map<string, number>();
    const rules = chains.flatMap((chain) =>
      chain.rules.map((rule, index): XrayRow => {
        const text = printRule(chain.name, rule, family);
        const nth = copies.get(text) ?? 0;
        copies.set(text, nth + 1);
        const deletions = [ruleDeleted(ns, place, text, nth)];
        return { text, kind: 'rule', keys: [ruleKey(place, chain.name, index)], deletions };
      }),
    );
    return [
      headRow(`*${name}`),
      ...chains.map((chain) => headRow(`:${chain.name} ${chain.policy ?? '-'} [0:0]`)),
      ...rules,
      headRow('COMMIT'),
    ];
  });
}

function ipsetRows({ id, ipsets }: NetnsConfig): readonly XrayRow[] {
  return ipsets.flatMap((set) =>
    printSetsSave([set])
      .trimEnd()
      .split('\n')
      .map((text, at): XrayRow => {
        const member = set.members[at - 1];
        if (member === undefined) return headRow(text);
        const deletions = [memberDeleted(id, set.name, member)];
        return { text, kind: 'entry', keys: [ipsetKey(set.name, member)], deletions };
      }),
  );
}
