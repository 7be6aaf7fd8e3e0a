/** Replays kube-proxy's own test cases of every mode: what a sync writes, and what the tools print after it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Result } from '../../sim/base/result.ts';
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
import { parseRuleset } from '../../sim/linux/netfilter/iptables/parse.ts';
import type { Ruleset } from '../../sim/linux/netfilter/iptables/rule.ts';
import { parseNft } from '../../sim/linux/netfilter/nftables/parse.ts';
import { printTable } from '../../sim/linux/netfilter/nftables/print.ts';
import type { NftTable } from '../../sim/linux/netfilter/nftables/ruleset.ts';
import { iptablesFlow, type RecordedFlow, type WalkedFlow } from './iptables-flows.ts';
import { nftFlow, type RecordedNftFlow } from './nft-flows.ts';
import type { CaseResult } from './report.ts';

interface ProxyExpected {
  readonly dump?: string;
  readonly dumpKind?: string;
  readonly save?: string;
  readonly flows?: readonly RecordedFlow[];
}

interface ProxyCase {
  readonly inputs?: RecordedInputs;
  /** Oldest first: the objects that stood before. */
  readonly previousSteps?: readonly Pick<RecordedInputs, 'services' | 'endpointSlices'>[];
  readonly expected?: ProxyExpected;
}

interface NftCase {
  readonly layout?: string;
  readonly inputs?: NftRecordedInputs;
  readonly previousSteps?: readonly Pick<NftRecordedInputs, 'services' | 'endpointSlices'>[];
  readonly expected?: {
    readonly dump?: unknown;
    readonly nftList?: unknown;
    readonly flows?: readonly RecordedNftFlow[];
  };
}

const PARTIAL = 'iptables-restore-input-partial';
const FOLDERS = ['iptables', 'nftables', 'ipvs', 'common'];
const NO_DUMP =
  'nothing to hold a whole sync against: `npm test` holds the case as rows (chain names, counts, probabilities, categories)';

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
  const { dump, nftList, flows = [] } = expected ?? {};
  const listing = [nftList, dump].find((each) => typeof each === 'string');
  if (inputs?.endpointSlices === undefined || (listing === undefined && flows.length === 0)) return undefined;
  const known = layout === undefined ? inputs : { ...inputs, layout };
  const before = previousSteps.at(-1);
  const now = recordedTable(known);
  const ours = before ? withStaleChains(now, recordedTable({ ...known, ...before })) : now;
  const written = listing === undefined ? null : firstOfListing(listing, listing === nftList, ours);
  return (
    written ?? firstFlow(flows, (flow) => tablesOf(now, [dump, nftList]).map((table) => nftFlow(table, known, flow)))
  );
}

function firstOfListing(listing: string, isPrinted: boolean, ours: NftTable): string | null {
  if (isPrinted) return firstLine(blocksOf(listing), blocksOfTable(ours));
  const parsed = parseNft(listing);
  if (!parsed.ok) return `line ${parsed.error.line} of the dump: ${parsed.error.message}`;
  return firstLine(parsed.value.flatMap(blocksOfTable), blocksOfTable(ours));
}

/** What the sync wrote, the same read back from its text, and what the case itself lists. */
function tablesOf(written: NftTable, texts: readonly unknown[]): readonly NftTable[] {
  const listed = [printTable(written), ...texts].filter((text) => typeof text === 'string');
  return [written, ...listed.flatMap((text) => readable(parseNft(text)))];
}

/** A listing that cannot be read must not pass for one that agrees. */
function readable<T>(parsed: Result<T, { readonly line: number; readonly message: string }>): T {
  if (!parsed.ok) throw new Error(`line ${parsed.error.line} of a listing: ${parsed.error.message}`);
  return parsed.value;
}

function firstFlow<F extends RecordedFlow>(
  flows: readonly F[],
  walk: (flow: F) => readonly WalkedFlow[],
): string | null {
  for (const flow of flows) {
    const wanted = { output: flow.expectedOutput, masq: flow.masq ?? false };
    const other = walk(flow).find(({ output, masq }) => output !== wanted.output || masq !== wanted.masq);
    if (other)
      return `flow "${flow.name}"\n    expected:  ${JSON.stringify(wanted)}\n    simulator: ${JSON.stringify(other)}`;
  }
  return null;
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

function replay({ inputs, previousSteps, expected = {} }: ProxyCase): string | null | undefined {
  const { dump, dumpKind, save, flows = [] } = expected;
  const isEmpty = dump === undefined && save === undefined && flows.length === 0;
  if (inputs?.endpointSlices === undefined || isEmpty) return undefined;
  return (
    (dump === undefined ? null : firstLine(linesOfDump(dump), linesOf(sent(inputs, previousSteps, dumpKind)))) ??
    (save === undefined ? null : firstLine(save.trim().split('\n'), savedLines(inputs))) ??
    firstFlow(flows, (flow) => rulesetsOf(inputs, expected).map((ruleset) => iptablesFlow(ruleset, inputs, flow)))
  );
}

const savedLines = (inputs: RecordedInputs): readonly string[] =>
  linesOf(standingRules(inputs)).filter((line) => !line.includes('KUBE-KUBELET-CANARY'));

/** What the sync wrote, and what the case itself lists; a partial dump holds too little to carry a packet. */
function rulesetsOf(inputs: RecordedInputs, { dump, dumpKind, save }: ProxyExpected): readonly Ruleset[] {
  const texts = [dumpKind === PARTIAL ? undefined : dump, save].filter((text) => text !== undefined);
  return [syncedRules(inputs), ...texts.map((text) => readable(parseRuleset(text)))];
}

/** A partial sync sends only what its kind sends, after the step before it. */
function sent(inputs: RecordedInputs, previousSteps: ProxyCase['previousSteps'] = [], dumpKind = ''): Ruleset {
  const before = previousSteps.at(-1);
  if (!before || dumpKind !== PARTIAL) return syncedRules(inputs);
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
