/** `npm run truth -- DIR...`: replays every case found below the folders; exit status 1 where anything differs. */
import { basename, resolve } from 'node:path';
import { findLabs, replayLab } from './kernel-flows.ts';
import { findPolicyFolders, replayPolicyFolder } from './policy-cases.ts';
import { findProxyFolders, replayProxyFolder } from './proxy-cases.ts';
import { type CaseResult, report } from './report.ts';

interface Replayed {
  readonly folder: string;
  readonly results: readonly CaseResult[];
}

/** Everything below a folder that one of the replays knows. */
function replayAll(root: string): Replayed[] {
  const labs = findLabs(root).map((lab) => ({ folder: lab.lab, results: replayLab(lab) }));
  const proxies = findProxyFolders(root).map((folder) => ({
    folder: `kube-proxy/${basename(folder)}`,
    results: replayProxyFolder(folder),
  }));
  const policies = findPolicyFolders(root).map((folder) => ({
    folder: `netpol/${basename(folder)}`,
    results: replayPolicyFolder(folder),
  }));
  return [...labs, ...proxies, ...policies];
}

function main(roots: readonly string[]): number {
  const all = roots.flatMap((root) => replayAll(resolve(root)));
  for (const { folder, results } of all) console.log(report(folder, results));
  const cases = all.flatMap(({ results }) => results);
  if (cases.length === 0)
    console.error(
      'No cases found. Name folders laid out like ../shared/truth/kernel (inputs/, observed/) ../shared/truth/kube-proxy or\n../shared/truth/netpol, or one lab, mode or folder of them.',
    );
  return cases.length === 0 || cases.some((c) => c.outcome === 'different') ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
