/** Replays the recorded cases about policies, folder by folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ConnectionsCase, connectionsDifference } from './policy-connections.ts';
import { explanationsDifference } from './policy-explanations.ts';
import { type MatrixCase, matrixDifference, probesDifference } from './policy-matrix.ts';
import type { CaseResult } from './report.ts';
import { badDifference, isOwnLimit, objectDifference, replayYaml } from './validation-cases.ts';

type Difference = (recorded: never, folder: string) => string | null;

const inEither = (recorded: MatrixCase | ConnectionsCase): string | null =>
  'steps' in recorded ? matrixDifference(recorded) : connectionsDifference(recorded);

/** The first difference of a case, by the folder that it lies in. */
const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'cnp-from-anp': inEither,
  cyclonus: matrixDifference,
  e2e: matrixDifference,
  'k8s-validation': objectDifference,
  'k8s-validation-yaml': () => null,
  'kube-network-policies': probesDifference,
  npguard: connectionsDifference,
  'npguard-bad': badDifference,
  'npguard-explain': explanationsDifference,
  'npguard-parsed': connectionsDifference,
  'policy-assistant': matrixDifference,
  'random-npguard': connectionsDifference,
  recipes: probesDifference,
};

/** The folders of cases below `root`, or `root` when it is one of them itself. */
export function findPolicyFolders(root: string): readonly string[] {
  if (Object.hasOwn(DIFFERENCES, basename(root))) return existsSync(root) ? [root] : [];
  return Object.keys(DIFFERENCES)
    .map((folder) => join(root, folder))
    .filter(existsSync);
}

export function replayPolicyFolder(folder: string): CaseResult[] {
  const differenceOf = DIFFERENCES[basename(folder)];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.sort().flatMap((file): readonly CaseResult[] => {
    const name = `${basename(folder)}/${file.replace(/\.json$/, '')}`;
    const recorded = JSON.parse(readFileSync(join(folder, file), 'utf8')) as object;
    // One file holds all of these.
    if (Array.isArray(recorded)) return replayYaml(recorded);
    const excuse = excuseOf(recorded);
    if (excuse !== null) return [{ name, outcome: 'not modelled', detail: `does not count: ${excuse}` }];
    const difference = safely(() => differenceOf?.(recorded as never, folder) ?? null);
    return [difference === null ? { name, outcome: 'equal' } : { name, outcome: 'different', detail: difference }];
  });
}

/** Why a case says nothing about policies: its own words, or a limit of the analyser that made it. */
function excuseOf(recorded: { readonly caveat?: string; readonly expectError?: string }): string | null {
  if (recorded.caveat !== undefined) return recorded.caveat;
  const { expectError = '' } = recorded;
  return isOwnLimit(expectError) ? 'the analyser folds pods into their owner, and cannot when they differ' : null;
}

/** A case that the importer refuses is a difference, not the end of the replay. */
function safely(findDifference: () => string | null): string | null {
  try {
    return findDifference();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
