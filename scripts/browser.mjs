// Which browser the journeys run in: CHROMIUM_PATH, then Playwright's own, then one of the system's.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const windowsRoots = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA];
const systemBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ...windowsRoots.filter(Boolean).map((root) => join(root, 'Google/Chrome/Application/chrome.exe')),
];

/**
 * @param {string} playwrightOwn where Playwright would keep its own browser
 * @returns `own` when Playwright should use its own, a path when it should use another, undefined when there is none.
 */
export function findBrowser(playwrightOwn) {
  const asked = process.env.CHROMIUM_PATH;
  if (asked) {
    if (!existsSync(asked)) throw new Error(`CHROMIUM_PATH is ${asked}, and nothing is there.`);
    return asked;
  }
  return existsSync(playwrightOwn) ? 'own' : systemBrowsers.find((path) => existsSync(path));
}
