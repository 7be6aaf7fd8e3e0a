/** An nftables table as `nft list table` prints it: sets and maps with their elements, chains with their rules. */

import type { NsId } from '../../sim/linux/config.ts';
import { elementLines, printChain, printSet } from '../../sim/linux/netfilter/nftables/print.ts';
import type { NftChain, NftSet, NftTable } from '../../sim/linux/netfilter/nftables/ruleset.ts';
import { copiesBefore, elementDeleted, type NftPlace, nftRuleDeleted } from '../faults/deletions.ts';
import type { XrayRow } from './artefact.ts';

export const nftRuleKey = ({ family, table }: NftPlace, chain: string, index: number): string =>
  `nft ${family} ${table} ${chain} ${index}`;
export const nftElementKey = ({ family, table }: NftPlace, set: string, key: string): string =>
  `nft ${family} ${table} @${set} ${key}`;

const head = (text: string): XrayRow => ({ text, kind: 'head', keys: [] });

export function nftRows(ns: NsId, table: NftTable): readonly XrayRow[] {
  const place = { family: table.family, table: table.name };
  const objects = [
    ...Array.from(table.sets.values(), (set) => setRows(ns, place, set)),
    ...Array.from(table.chains.values(), (chain) => chainRows(ns, table, place, chain)),
  ];
  return [
    head(`table ${table.family} ${table.name} {`),
    ...(table.comment === undefined ? [] : [head(`\tcomment "${table.comment}"`)]),
    ...objects.flatMap((rows, at) => (at === 0 ? rows : [head(''), ...rows])),
    head('}'),
  ];
}

function setRows(ns: NsId, place: NftPlace, set: NftSet): XrayRow[] {
  const lines = printSet({ ...set, elements: new Map() });
  return [
    ...lines.slice(0, -1).map(head),
    ...elementLines(set).map(({ text, elements }): XrayRow => {
      const keys = elements.map(({ key }) => nftElementKey(place, set.name, key));
      return {
        text,
        kind: 'entry',
        keys,
        deletions: elements.map(({ key }) => elementDeleted(ns, place, set.name, key)),
      };
    }),
    ...lines.slice(-1).map(head),
  ];
}

/** The rules of a chain are its last lines before the brace. */
function chainRows(ns: NsId, { family }: NftTable, place: NftPlace, chain: NftChain): XrayRow[] {
  const lines = printChain(family, chain);
  const first = lines.length - 1 - chain.rules.length;
  const rules = lines.slice(first, -1).map((text) => text.trim());
  return lines.map((text, at): XrayRow => {
    const index = at - first;
    if (index < 0 || index >= chain.rules.length) return head(text);
    const event = nftRuleDeleted(ns, place, chain.name, text.trim(), copiesBefore(rules, index));
    return { text, kind: 'rule', keys: [nftRuleKey(place, chain.name, index)], deletions: [event] };
  });
}
