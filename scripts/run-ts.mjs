// Runs one TypeScript program of this project under plain Node: `node scripts/run-ts.mjs src/dev/truth/cli.ts ARGS...`.
// Vite bundles it into node_modules/.cache, with the same resolution as the app; then it is imported, argv passed on.
// The program sees the project's folder as its working directory; its import.meta.url is the bundle's, so do not use it.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [entry, ...args] = process.argv.slice(2);
if (!entry || !existsSync(join(root, entry))) {
  console.error(`run-ts: there is no ${entry ?? 'entry; name one, as src/dev/truth/cli.ts'}.`);
  process.exit(1);
}

process.chdir(root);
const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
const outDir = mkdtempSync(join(cache, 'run-ts-'));
process.on('exit', () => rmSync(outDir, { recursive: true, force: true }));

await build({
  root,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  build: { ssr: entry, outDir, target: 'node20', minify: false, sourcemap: 'inline', emptyOutDir: false },
});

process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], join(root, entry), ...args];
await import(pathToFileURL(join(outDir, `${basename(entry).replace(/\.tsx?$/, '')}.js`)).href);
