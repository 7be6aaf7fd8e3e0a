/** Size of the JavaScript that the first screen needs: what index.html loads at once, compressed as a web server would. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export const INITIAL_JS_BUDGET_BYTES = 200_000;

export function benchBundle(dist = 'dist'): string {
  const page = join(dist, 'index.html');
  if (!existsSync(page)) return 'initial JavaScript: no build found; run `npm run build` first';
  const html = readFileSync(page, 'utf8');
  const files = [...html.matchAll(/(?:src|href)="\.?\/?([^"]+\.js)"/g)].map((m) => m[1] ?? '');
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0);
  const share = ((bytes / INITIAL_JS_BUDGET_BYTES) * 100).toFixed(0);
  return `initial JavaScript: ${(bytes / 1000).toFixed(1)} kB gzip in ${files.length} files (${share} % of ${INITIAL_JS_BUDGET_BYTES / 1000} kB)`;
}
