// `npm test`: everything, from a bare clone. Every step runs even when an earlier one failed, so that one run shows all.
// Its last line counts the tests that really ran, for people and for CI: "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const results = mkdtempSync(join(tmpdir(), 'hopscope-test-'));
const unitFile = join(results, 'unit.json');
const e2eFile = join(results, 'e2e.json');
const brokenSteps = [];

function step(name, args, env = {}) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (status !== 0) brokenSteps.push(name);
  return status === 0;
}

function readCounts(file, pick) {
  return existsSync(file) ? pick(JSON.parse(readFileSync(file, 'utf8'))) : { passed: 0, failed: 0, skipped: 0 };
}

const bin = (path) => join('node_modules', path);

if (step('packages and browser', ['scripts/ensure.mjs', '--browser'])) {
  step('types', [bin('typescript/bin/tsc'), '--noEmit']);
  step('lint and format', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']);
  step('lock file', ['scripts/lockcheck.mjs']);
  const json = ['--reporter=default', '--reporter=json', `--outputFile.json=${unitFile}`];
  step('units', [bin('vitest/vitest.mjs'), 'run', ...json]);
  step('journeys', [bin('@playwright/test/cli.js'), 'test', '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: e2eFile,
  });
}

const counts = [
  readCounts(unitFile, (report) => ({
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  })),
  readCounts(e2eFile, ({ stats }) => ({
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected,
    skipped: stats.skipped,
  })),
];
rmSync(results, { recursive: true, force: true });

const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
// A step that broke without a failing test (types, lint, a crash) still counts, so that no red run says "0 failed".
const failed = Math.max(sum('failed'), brokenSteps.length);
const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
if (brokenSteps.length > 0) console.error(`\nNot green: ${brokenSteps.join('; ')}.`);
console.log(`\n${sum('passed')} passed, ${failed} failed${skipped}`);
process.exitCode = failed > 0 || sum('passed') === 0 ? 1 : 0;
