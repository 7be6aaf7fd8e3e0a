/** Replays kube-proxy's own test cases: the rules that a sync sends, and what `iptables-save` prints after it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  linesOf,
  linesOfDump,
  partiallySyncedRules,
  type RecordedInputs,
  standingRules,
  syncedRules,
} from '../../sim/drivers/proxy/kube-proxy/recorded-case.ts';
import type { Ruleset } from '../../sim/linux/netfilter/iptables/rule.ts';
import type { CaseResult } from './report.ts';

interface ProxyCase {
  readonly mode?: string;
  readonly inputs?: RecordedInputs;
  /** Oldest first: the objects that stood before. */
  readonly previousSteps?: readonly Pick<RecordedInputs, 'services' | 'endpointSlices'>[];
  readonly expected?: { readonly dump?: string; readonly dumpKind?: string; readonly save?: string };
}

const FOLDERS = ['iptables', 'nftables', 'ipvs', 'common'];

/** The reviewed list of what no replay exists for, by folder. */
const LATER: Readonly<Record<string, string>> = {
  nftables: 'kube-proxy in nftables mode: a later issue brings it',
  ipvs: 'kube-proxy in IPVS mode: a later issue brings it',
};
const NO_DUMP =
  'no dump in the case: `npm test` holds it as rows (chain names, counts, probabilities, categories, flows)';

/** The folders of cases below `root`, or none when it is not such a place. */
export function findProxyFolders(root: string): readonly string[] {
  return FOLDERS.filter((folder) => existsSync(join(root, folder))).map((folder) => join(root, folder));
}

export function replayProxyFolder(folder: string): CaseResult[] {
  const mode = folder.split('/').at(-1) ?? '';
  const files = readdirSync(folder).filter((f) => f.endsWith('.json'));
  return files.sort().map((file): CaseResult => {
    const name = `${mode}/${file.replace(/\.json$/, '')}`;
    const later = LATER[mode];
    if (later !== undefined) return { name, outcome: 'not modelled', detail: later };
    const difference = replay(JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProxyCase);
    if (difference === undefined) return { name, outcome: 'not modelled', detail: NO_DUMP };
    return difference === null ? { name, outcome: 'equal' } : { name, outcome: 'different', detail: difference };
  });
}

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
