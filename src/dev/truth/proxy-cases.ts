/** Replays kube-proxy's own test cases of every mode: what a sync writes, and what the tools print after it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  planRecorded,
  type RecordedIpvsCase,
  recordedChain,
  recordedServers,
  recordedSets,
  sortServers,
  syncedIpvsRules,
} from '../../sim/drivers/proxy/kube-proxy/ipvs/recorded-case.ts';
import {
  blocksOf,
  blocksOfTable,
  type NftRecordedInputs,
  recordedTable,
} from '../../sim/drivers/proxy/kube-proxy/nftables/recorded-case.ts';
import { withStaleChains } from '../../sim/drivers/proxy/kube-proxy/nftables/table.ts';
import {
  linesOf,
  linesOfDump,
  partiallySyncedRules,
  type RecordedInputs,
  standingRules,
  syncedRules,
} from '../../sim/drivers/proxy/kube-proxy/recorded-case.ts';
import { printIpvsadmList } from '../../sim/linux/ipvs/print.ts';
import type { Ruleset } from '../../sim/linux/netfilter/iptables/rule.ts';
import { parseNft } from '../../sim/linux/netfilter/nftables/parse.ts';
import type { CaseResult } from './report.ts';

interface ProxyCase {
  readonly inputs?: RecordedInputs;
  /** Oldest first: the objects that stood before. */
  readonly previousSteps?: readonly Pick<RecordedInputs, 'services' | 'endpointSlices'>[];
  readonly expected?: { readonly dump?: string; readonly dumpKind?: string; readonly save?: string };
}

interface NftCase {
  readonly layout?: string;
  readonly inputs?: NftRecordedInputs;
  readonly previousSteps?: readonly Pick<NftRecordedInputs, 'services' | 'endpointSlices'>[];
  readonly expected?: { readonly dump?: unknown; readonly nftList?: unknown };
}

const FOLDERS = ['iptables', 'nftables', 'ipvs', 'common'];
const NO_DUMP =
  'nothing to hold a whole sync against: `npm test` holds the case as rows (chain names, counts, probabilities, categories, flows)';

/** The folders of cases below `root`, or `root` when it is one of them itself; none when it is not such a place. */
export function findProxyFolders(root: string): readonly string[] {
  if (FOLDERS.includes(basename(root))) return existsSync(root) ? [root] : [];
  return FOLDERS.filter((folder) => existsSync(join(root, folder))).map((folder) => join(root, folder));
}

type Replay = (text: string) => string | null | undefined;

/** The first difference, null for none, undefined when the case has nothing to hold against. */
const REPLAYS: Readonly<Record<string, Replay>> = {
  nftables: (text) => replayNft(JSON.parse(text) as NftCase),
  ipvs: (text) => replayIpvs(JSON.parse(text) as RecordedIpvsCase),
};

export function replayProxyFolder(folder: string): CaseResult[] {
  const mode = basename(folder);
  const replayMode = REPLAYS[mode] ?? ((text: string) => replay(JSON.parse(text) as ProxyCase));
  const files = readdirSync(folder).filter((f) => f.endsWith('.json'));
  return files.sort().map((file): CaseResult => {
    const name = `${mode}/${file.replace(/\.json$/, '')}`;
    const difference = replayMode(readFileSync(join(folder, file), 'utf8'));
    if (difference === undefined) return { name, outcome: 'not modelled', detail: NO_DUMP };
    return difference === null ? { name, outcome: 'equal' } : { name, outcome: 'different', detail: difference };
  });
}

function replayNft({ layout, inputs, previousSteps = [], expected }: NftCase): string | null | undefined {
  const { dump, nftList } = expected ?? {};
  if (inputs?.endpointSlices === undefined || (typeof dump !== 'string' && typeof nftList !== 'string'))
    return undefined;
  const known = layout === undefined ? inputs : { ...inputs, layout };
  const before = previousSteps.at(-1);
  const now = recordedTable(known);
  const ours = blocksOfTable(before ? withStaleChains(now, recordedTable({ ...known, ...before })) : now);
  if (typeof nftList === 'string') return firstLine(blocksOf(nftList), ours);
  const parsed = parseNft(dump as string);
  if (!parsed.ok) return `line ${parsed.error.line} of the dump: ${parsed.error.message}`;
  return firstLine(parsed.value.flatMap(blocksOfTable), ours);
}

/** Only what a case says is compared: some name a few servers, sets or chains. */
function replayIpvs({ inputs, expected }: RecordedIpvsCase): string | null | undefined {
  if (inputs?.endpointSlices === undefined) return undefined;
  const plan = planRecorded(inputs);
  const rules = syncedIpvsRules(plan);
  const chains = Object.entries(expected.iptablesChains ?? {});
  const sets = Object.entries(expected.ipsets ?? {}).map(([name, members]) => [name, [...members].sort()]);
  const pairs: [unknown, unknown][] = [
    ...(expected.virtualServersComplete
      ? [
          [addresses(expected.virtualServers ?? []), addresses(recordedServers(plan.virtualServers))] as [
            unknown,
            unknown,
          ],
        ]
      : []),
    [Object.fromEntries(sets), recordedSets(plan.ipsets, Object.keys(expected.ipsets ?? {}))],
    ...chains.map(([chain, wanted]): [unknown, unknown] => [wanted, recordedChain(rules, chain)]),
    ...(expected.ipvsadmLn === undefined
      ? []
      : [[expected.ipvsadmLn, printIpvsadmList(plan.virtualServers)] as [unknown, unknown]]),
  ];
  return firstLine(
    pairs.map(([wanted]) => JSON.stringify(wanted)),
    pairs.map(([, ours]) => JSON.stringify(ours)),
  );
}

const addresses = (servers: Parameters<typeof sortServers>[0]): readonly string[] =>
  sortServers(servers).map(
    (s) => `${s.protocol} ${s.address}:${s.port} > ${s.realServers.map((r) => `${r.address}:${r.port}`).join(', ')}`,
  );

/** The first difference, null for none, undefined when the case has nothing to hold against. */
function replay({ inputs, previousSteps, expected }: ProxyCase): string | null | undefined {
  if (inputs?.endpointSlices === undefined || (expected?.dump === undefined && expected?.save === undefined))
    return undefined;
  const dump =
    expected.dump === undefined
      ? null
      : firstLine(linesOfDump(expected.dump), linesOf(sent(inputs, previousSteps, expected.dumpKind)));
  if (dump !== null || expected.save === undefined) return dump;
  const saved = linesOf(standingRules(inputs)).filter((line) => !line.includes('KUBE-KUBELET-CANARY'));
  return firstLine(expected.save.trim().split('\n'), saved);
}

/** A partial sync sends only what its kind sends, after the step before it. */
function sent(inputs: RecordedInputs, previousSteps: ProxyCase['previousSteps'] = [], dumpKind = ''): Ruleset {
  const before = previousSteps.at(-1);
  if (!before || dumpKind !== 'iptables-restore-input-partial') return syncedRules(inputs);
  const { services, endpointSlices } = before;
  return partiallySyncedRules({ ...inputs, services, endpointSlices }, inputs).ruleset;
}

function firstLine(expected: readonly string[], ours: readonly string[]): string | null {
  for (let i = 0; i < Math.max(expected.length, ours.length); i++) {
    if (expected[i] !== ours[i])
      return `line ${i + 1}\n    expected:  ${expected[i] ?? '(nothing)'}\n    simulator: ${ours[i] ?? '(nothing)'}`;
  }
  return null;
}
