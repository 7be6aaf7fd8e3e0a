// Makes a fresh clone ready: the right Node, the locked packages, and with --browser a browser. Needs Node alone.
// It runs inside `npm start` and `npm test`, because install hooks vanish where ignore-scripts is set.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);

function stop(message) {
  console.error(`\n${message}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  console.log(`> ${[command, ...args].join(' ')}`);
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options }).status === 0;
}

/** npm, by the way that started us when there is one: on Windows `npm` is a .cmd file that needs a shell. */
function npm(...args) {
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js')) return run(process.execPath, [script, ...args]);
  return run('npm', args, { shell: process.platform === 'win32' });
}

function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  stop(`Hopscope needs Node 20.19 or newer; this is ${process.version}. Get a current one at nodejs.org.`);
}

/** True when node_modules already holds what the lock asks for, as after a plain `npm install`. */
function isInstalled(lock) {
  if (!existsSync(at('node_modules/.package-lock.json'))) return false;
  const installed = JSON.parse(readFileSync(at('node_modules/.package-lock.json'), 'utf8')).packages;
  return Object.entries(JSON.parse(lock).packages).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  );
}

function ensurePackages() {
  const lock = readFileSync(at('package-lock.json'), 'utf8');
  const nodeMajor = process.versions.node.split('.')[0];
  const wanted = createHash('sha256')
    .update([lock, process.platform, process.arch, nodeMajor].join('\n'))
    .digest('hex');
  const stamp = at('node_modules/.hopscope-stamp');
  const found = existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
  if (found === wanted) return;
  if (found !== undefined || !isInstalled(lock)) {
    if (!npm('ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund')) {
      stop('The packages could not be installed. What npm said is above; `npm start` tries again.');
    }
  }
  writeFileSync(stamp, wanted);
}

async function ensureBrowser() {
  const { findBrowser } = await import('./browser.mjs');
  const { chromium } = await import('@playwright/test');
  const isFound = () => findBrowser(chromium.executablePath()) !== undefined;
  if (isFound()) return;

  const isRoot = process.getuid?.() === 0;
  const hasApt = existsSync('/usr/bin/apt-get');
  const withDeps = isRoot && hasApt ? ['--with-deps'] : [];
  const playwright = at('node_modules/@playwright/test/cli.js');
  console.log('No browser for the journeys yet. Trying the one Playwright brings.');
  run(process.execPath, [playwright, 'install', ...withDeps, 'chromium']);
  if (isFound()) return;

  if (isRoot && hasApt) {
    console.log('That did not work. Trying the system package manager.');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-qq'], { env });
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-liberation'], { env });
    if (isFound()) return;
  }
  stop(
    '`npm test` needs a Chromium. Install Chromium or Chrome, or set CHROMIUM_PATH to one. `npm run check` needs none.',
  );
}

ensureNode();
ensurePackages();
if (process.argv.includes('--browser')) await ensureBrowser();
