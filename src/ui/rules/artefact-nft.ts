/** An nftables table as `nft list table` prints it: sets and maps with their elements, chains with their rules. */
import { elementLines, printChain, printSet } from '../../sim/linux/netfilter/nftables/print.ts';
import type { NftChain, NftSet, NftTable } from '../../sim/linux/netfilter/nftables/ruleset.ts';
import type { XrayRow } from './artefact.ts';

type TablePlace = { readonly family: string; readonly table: string };

export const nftRuleKey = ({ family, table }: TablePlace, chain: string, index: number): string =>
  `nft ${family} ${table} ${chain} ${index}`;
export const nftElementKey = ({ family, table }: TablePlace, set: string, key: string): string =>
  `nft ${family} ${table} @${set} ${key}`;

const head = (text: string): XrayRow => ({ text, kind: 'head', keys: [] });

export function nftRows(table: NftTable): readonly XrayRow[] {
  const place = { family: table.family, table: table.name };
  const objects = [
    ...Array.from(table.sets.values(), (set) => setRows(place, set)),
    ...Array.from(table.chains.values(), (chain) => chainRows(table, place, chain)),
  ];
  return [
    head(`table ${table.family} ${table.name} {`),
    ...(table.comment === undefined ? [] : [head(`\tcomment "${table.comment}"`)]),
    ...objects.flatMap((rows, at) => (at === 0 ? rows : [head(''), ...rows])),
    head('}'),
  ];
}

function setRows(place: TablePlace, set: NftSet): XrayRow[] {
  const lines = printSet({ ...set, elements: new Map() });
  return [
    ...lines.slice(0, -1).map(head),
    ...elementLines(set).map(({ text, elements }): XrayRow => {
      return { text, kind: 'entry', keys: elements.map(({ key }) => nftElementKey(place, set.name, key)) };
    }),
    ...lines.slice(-1).map(head),
  ];
}

/** The rules of a chain are its last lines before the brace. */
function chainRows({ family }: NftTable, place: TablePlace, chain: NftChain): XrayRow[] {
  const lines = printChain(family, chain);
  const first = lines.length - 1 - chain.rules.length;
  return lines.map((text, at): XrayRow => {
    const index = at - first;
    if (index < 0 || index >= chain.rules.length) return head(text);
    return { text, kind: 'rule', keys: [nftRuleKey(place, chain.name, index)] };
  });
}
