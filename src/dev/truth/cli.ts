/** `npm run truth -- DIR...`: replays every case found below the folders; exit status 1 where anything differs. */
import { resolve } from 'node:path';
import { findLabs, replayLab } from './kernel-flows.ts';
import { report } from './report.ts';

function main(roots: readonly string[]): number {
  let different = 0;
  let cases = 0;
  for (const root of roots) {
    for (const lab of findLabs(resolve(root))) {
      const results = replayLab(lab);
      cases += results.length;
      different += results.filter((r) => r.outcome === 'different').length;
      console.log(report(lab.lab, results));
    }
  }
  if (cases === 0)
    console.error('No cases found. Name folders laid out like ../shared/truth/kernel (inputs/, observed/).');
  return different > 0 || cases === 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
