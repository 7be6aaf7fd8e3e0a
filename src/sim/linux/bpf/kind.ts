/** What the writers of programs know of a map: what it holds, and how their tool prints it. */
import { type BpfRecord, keyText } from './map.ts';

export interface BpfMapKind<K extends BpfRecord = BpfRecord, V extends BpfRecord = BpfRecord> {
  /** As `bpftool map` shows it; maps of one kind that exist several times have a suffix. */
  readonly name: string;
  readonly type: 'hash' | 'lru_hash' | 'lpm_trie';
  /** What it answers, in one clause: "which identity and which node an address has". */
  readonly about: string;
  /** The tool that prints it; `suffix` is that of the map. */
  readonly command: (suffix: string) => string;
  readonly header: readonly string[];
  /** One line of that tool, as columns. */
  readonly print: (key: K, value: V) => readonly string[];
}

/** Fixes the types of a kind's keys and values. */
export const mapKind = <K extends BpfRecord, V extends BpfRecord>(kind: BpfMapKind<K, V>): BpfMapKind<K, V> => kind;

/** The kind of a map, by its name or by its name without the suffix. */
export function kindOfMap(kinds: readonly BpfMapKind[], name: string): BpfMapKind | undefined {
  return kinds.find((kind) => kind.name === name) ?? kinds.find((kind) => name.startsWith(`${kind.name}_`));
}

/** `3459` of `cilium_policy_v2_3459`. */
export const suffixOf = (kind: BpfMapKind, name: string): string => name.slice(kind.name.length + 1);

/** For people who know no tool: the key as it is. */
export const plainKey = (key: BpfRecord): string => keyText(key);

/** Columns as Go's text/tabwriter prints them: as wide as their widest cell and three blanks. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = header.length > 0 ? [header, ...rows] : rows;
  const widths: number[] = [];
  for (const row of all) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return all.map((row) =>
    row.map((cell, i) => (i < row.length - 1 ? cell.padEnd((widths[i] ?? 0) + 3) : cell)).join(''),
  );
}
