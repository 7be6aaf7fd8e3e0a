/** Replays kube-proxy's own test cases of every mode: what a sync writes, what the tools print after it, and where packets end in it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RecordedIpvsCase } from '../../sim/drivers/proxy/kube-proxy/ipvs/recorded-case.ts';
import { ipvsRows } from '../../sim/drivers/proxy/kube-proxy/ipvs/recorded-rows.ts';
import { nftRows, type RecordedNftCase } from '../../sim/drivers/proxy/kube-proxy/nftables/recorded-rows.ts';
import { commonRows, type RecordedCommonCase } from '../../sim/drivers/proxy/kube-proxy/recorded-names.ts';
import type { RecordedRow } from '../../sim/drivers/proxy/kube-proxy/recorded-row.ts';
import { iptablesRows, type RecordedCase } from '../../sim/drivers/proxy/kube-proxy/recorded-rows.ts';
import { type FlowCase, iptablesFlowRows, nftFlowRows } from './proxy-flows.ts';
import type { CaseResult } from './report.ts';

const FOLDERS = ['iptables', 'nftables', 'ipvs', 'common'] as const;
const NOTHING_SAID = 'the case says nothing that a row could hold';

/** The folders of cases below `root`, or `root` when it is one of them itself; none when it is not such a place. */
export function findProxyFolders(root: string): readonly string[] {
  if (FOLDERS.some((folder) => folder === basename(root))) return existsSync(root) ? [root] : [];
  return FOLDERS.filter((folder) => existsSync(join(root, folder))).map((folder) => join(root, folder));
}

/** Everything that a case says, by the folder that it lies in. */
const ROWS: Readonly<Record<string, (recorded: never) => RecordedRow[]>> = {
  iptables: (recorded: RecordedCase & FlowCase) => [...iptablesRows(recorded), ...iptablesFlowRows(recorded)],
  nftables: (recorded: RecordedNftCase & FlowCase) => [...nftRows(recorded), ...nftFlowRows(recorded)],
  ipvs: (recorded: RecordedIpvsCase) => ipvsRows(recorded),
  common: (recorded: RecordedCommonCase) => commonRows(recorded),
};

/** The cases of a folder, each with its rows. */
export function proxyCases(
  folder: string,
): readonly { readonly name: string; readonly rows: readonly RecordedRow[] }[] {
  const mode = basename(folder);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => ({
    name: `${mode}/${file.replace(/\.json$/, '')}`,
    rows: ROWS[mode]?.(JSON.parse(readFileSync(join(folder, file), 'utf8')) as never) ?? [],
  }));
}

export function replayProxyFolder(folder: string): CaseResult[] {
  return proxyCases(folder).map(({ name, rows }): CaseResult => {
    if (rows.length === 0) return { name, outcome: 'not modelled', detail: NOTHING_SAID };
    const difference = firstDifference(rows);
    return difference === null ? { name, outcome: 'equal' } : { name, outcome: 'different', detail: difference };
  });
}

function firstDifference(rows: readonly RecordedRow[]): string | null {
  for (const { what, expected, found } of rows) {
    const ours = found();
    if (!isDeepStrictEqual(ours, expected)) return `${what}${differenceOf(expected, ours)}`;
  }
  return null;
}

/** Of two texts the first line that differs. */
function differenceOf(expected: unknown, ours: unknown): string {
  if (!Array.isArray(expected) || !Array.isArray(ours)) return pair(expected, ours);
  const line = Array.from({ length: Math.max(expected.length, ours.length) }).findIndex(
    (_, i) => !isDeepStrictEqual(expected[i], ours[i]),
  );
  return `, line ${line + 1}${pair(expected[line], ours[line])}`;
}

function pair(expected: unknown, ours: unknown): string {
  const text = (value: unknown): string =>
    value === undefined ? '(nothing)' : typeof value === 'string' ? value : JSON.stringify(value);
  return `\n    expected:  ${text(expected)}\n    simulator: ${text(ours)}`;
}
