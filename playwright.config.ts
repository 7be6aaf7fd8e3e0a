import { chromium, defineConfig } from '@playwright/test';
import { findBrowser } from './scripts/browser.mjs';

const port = Number(process.env.E2E_PORT ?? 4873);
const browser = findBrowser(chromium.executablePath());
const vite = 'node node_modules/vite/bin/vite.js';
const launchArgs = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
// Chromium refuses its sandbox to root, which is who runs in most containers.
if (process.getuid?.() === 0) launchArgs.push('--no-sandbox');

export default defineConfig({
  testDir: 'e2e',
  fullyParallel: true,
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  reporter: 'list',
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    // No video: it needs a program that comes with Playwright's own browser only.
    trace: 'retain-on-failure',
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      args: launchArgs,
      ...(browser === undefined || browser === 'own' ? {} : { executablePath: browser }),
    },
  },
  webServer: {
    // Built every time (under a second), so that a journey never walks through yesterday's build.
    command: `${vite} build --logLevel warn && ${vite} preview --host 127.0.0.1 --port ${port} --strictPort`,
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: false,
  },
});
