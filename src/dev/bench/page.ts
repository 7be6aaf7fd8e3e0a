/** What only a browser can tell: what a first visit loads, and whether the stage holds sixty frames a second without a GPU. */
import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Page } from '@playwright/test';
import { createServer, preview } from 'vite';
import { findBrowser } from '../../../scripts/browser.mjs';
import { table } from './measure.ts';

const FRAME_MS = 1000 / 60;
/** A frame counts as late when it took half a frame too long. */
const LATE_MS = FRAME_MS * 1.5;
const WATCH_MS = 4000;
const GALLERY = 'src/dev/gallery/gallery.html';
const ARGS = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync'];

const SCENES = [
  ['100 pods, 200 packets', 'scene=crowd&crowd=200'],
  ['100 pods, 1,000 packets', 'scene=crowd&crowd=1000'],
  ['100 nodes, 1,000 pods, 200 packets', 'scene=huge&crowd=200'],
] as const;

/** Everything that needs a browser. */
export async function benchPage(): Promise<string> {
  const browserPath = findBrowser(chromium.executablePath());
  if (browserPath === undefined) return 'stage: no browser found; `npm test` installs one';
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const executable = browserPath === 'own' ? {} : { executablePath: browserPath };
  const browser = await chromium.launch({ args: [...ARGS, ...root], ...executable });
  try {
    return `${await benchFirstVisit(browser)}\n\n${await benchStage(browser)}`;
  } finally {
    await browser.close();
  }
}

/** What a first visit loads in all: the initial files, and those that follow at once (drawing, explanations). */
async function benchFirstVisit(browser: Browser): Promise<string> {
  if (!existsSync('dist/index.html')) return 'first visit: no build found; run `npm run build` first';
  const server = await preview({ preview: { host: '127.0.0.1', port: 0 }, logLevel: 'silent' });
  const page = await browser.newPage();
  const sizes: Promise<number>[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.endsWith('.js') && !response.url().endsWith('sw.js'))
      sizes.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
  });
  try {
    await page.goto(server.resolvedUrls?.local[0] ?? '', { waitUntil: 'networkidle' });
    const total = (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
    return `JavaScript of a first visit in all: ${(total / 1000).toFixed(1)} kB gzip in ${sizes.length} files`;
  } finally {
    await page.close();
    await server.close();
  }
}

async function benchStage(browser: Browser): Promise<string> {
  const server = await createServer({ root: process.cwd(), logLevel: 'silent', server: { host: '127.0.0.1' } });
  await server.listen();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const rows: string[][] = [];
    for (const [name, query] of SCENES) {
      await page.goto(`${server.resolvedUrls?.local[0] ?? ''}${GALLERY}?${query}`, { waitUntil: 'networkidle' });
      rows.push([name, ...summary(await frames(page))]);
    }
    return table(['stage, software rendering, 1440x900', 'median ms', 'p95 ms', 'late frames', 'frames/s'], rows);
  } finally {
    await server.close();
  }
}

/** Intervals between animation frames, in milliseconds, after the first second. */
function frames(page: Page): Promise<number[]> {
  return page.evaluate(
    (watchMs) =>
      new Promise<number[]>((done) => {
        const intervals: number[] = [];
        let first = 0;
        let last = 0;
        const tick = (now: number): void => {
          if (first === 0) first = now;
          else if (now - first > 1000) intervals.push(now - last);
          last = now;
          if (now - first > watchMs) done(intervals);
          else requestAnimationFrame(tick);
        };
        requestAnimationFrame(tick);
      }),
    WATCH_MS,
  );
}

function summary(intervals: readonly number[]): string[] {
  const sorted = [...intervals].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const late = sorted.filter((ms) => ms > LATE_MS).length / Math.max(1, sorted.length);
  const mean = sorted.reduce((sum, ms) => sum + ms, 0) / Math.max(1, sorted.length);
  return [at(0.5).toFixed(1), at(0.95).toFixed(1), `${(late * 100).toFixed(1)} %`, (1000 / mean).toFixed(1)];
}
