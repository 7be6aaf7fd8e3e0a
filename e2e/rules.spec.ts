import { expect, type Page, test } from '@playwright/test';
import { goToMark, inspector, openTab, pause, visit } from './visit.ts';

/** The knob of the proxy, by the mode. */
async function choose(page: Page, mode: string): Promise<void> {
  const knob = page.getByRole('region', { name: 'Cluster' }).getByLabel(/^Proxy/);
  await knob.selectOption(`kube-proxy/${mode}`);
  await pause(page);
}

/** Ten thousand Services in three modes are a few seconds of work, and many more on a busy machine. */
test.describe.configure({ timeout: 120_000 });

const view = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const cells = (page: Page, row: string) =>
  page
    .getByRole('row', { name: new RegExp(`^${row}`) })
    .first()
    .getByRole('cell');

test('the same packet in each mode: walked, counted in a larger cluster, and a thousand times over', async ({
  page,
}) => {
  await visit(page);
  const rules = page.getByRole('region', { name: /^Rules of node-1/ });

  // Line by line: what was looked up stands below the rule that asked.
  await choose(page, 'nftables');
  await goToMark(page, /DNAT to/);
  await openTab(page, 'Rules');
  await expect(page.getByText('nft list table ip kube-proxy', { exact: true })).toBeVisible();
  await expect(rules.getByText(/@service-ips: .* : goto service-/)).toBeVisible();
  await expect(page.getByText(/This visit so far: \d+ rules evaluated, \d+ lookups/)).toBeVisible();
  await page.getByRole('checkbox', { name: /^All \d+ lines/ }).check();
  await expect(rules.getByText('not reached', { exact: true }).first()).toBeVisible();

  // IPVS has a table of servers. Who chooses it sees that it will go.
  await choose(page, 'ipvs');
  await expect(page.getByLabel(/^Proxy/)).toContainText('IPVS, rr (deprecated since 1.35)');
  await expect(page.getByText('ipvsadm -Ln', { exact: true })).toBeVisible();

  // A thousand more Services: a list grows, a map does not.
  await view(page, 'Cost');
  await view(page, '+1,000');
  const sentence = page.getByText(/^With 1,003 Services in the cluster/);
  await expect(sentence).toContainText(/iptables [\d,]+ \(\d+ times as many\)/, { timeout: 30_000 });
  await expect(sentence).toContainText(/nftables \d+ \(as before\)/);
  await expect(sentence).toContainText(/IPVS, rr \d+ \(as before\)/, { timeout: 30_000 });
  await expect(cells(page, 'iptables').first()).toHaveText(/^\d,\d{3}$/);

  // A thousand connections: in turn, and drawn.
  await view(page, 'Load');
  await view(page, '1,000');
  await expect(page.getByText(/differ by 1, exactly as expected/)).toBeVisible();
  await expect(cells(page, 'default/web-').first()).toHaveText(/^33[34]$/);
  await choose(page, 'iptables');
  await expect(page.getByText(/Chi-square .* A fair draw|Unusual/)).toBeVisible();
});

/** Does something, and gives the longest time that the page could not answer meanwhile, in milliseconds (0: always within 50). */
async function longestTask(page: Page, during: () => Promise<void>): Promise<number> {
  const seen = await page.evaluateHandle(() => {
    const longest = { ms: 0 };
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
    });
    observer.observe({ type: 'longtask' });
    return { longest, observer };
  });
  await during();
  return seen.evaluate(({ longest, observer }) => {
    observer.disconnect();
    return longest.ms;
  });
}

const LONG_MS = 200;

test.describe('the page stays alive', () => {
  // The only journeys that look at a clock: another program may hold the machine for a moment, not three times.
  test.describe.configure({ retries: 2 });

  test('while ten thousand Services are counted', async ({ page }) => {
    await visit(page);
    await openTab(page, 'Rules');
    await view(page, 'Cost');
    const sentence = page.getByText(/^With [\d,]+ Services in the cluster/);
    await expect(sentence).toBeVisible();
    const longest = await longestTask(page, async () => {
      await view(page, '+10,000');
      await expect(page.getByText(/^Counting … \d+ of \d+$/)).toBeVisible();
      await expect(sentence).toContainText(/With 10,003 Services .*IPVS, rr \d+ \(as before\)/, { timeout: 60_000 });
    });
    expect(longest).toBeLessThan(LONG_MS);
  });

  test('while a thousand connections are made', async ({ page }) => {
    await visit(page);
    await openTab(page, 'Rules');
    await view(page, 'Load');
    const counts = page.getByRole('cell', { name: /^33\d$|^3[0-6]\d$/ }).first();
    await expect(page.getByRole('cell').first()).toBeVisible();
    const longest = await longestTask(page, async () => {
      await view(page, '1,000');
      await expect(counts).toBeVisible({ timeout: 60_000 });
    });
    expect(longest).toBeLessThan(LONG_MS);
  });
});

test('steps are taken while it counts, and what nobody waits for is given up', async ({ page }) => {
  await visit(page);
  await openTab(page, 'Rules');
  await view(page, 'Cost');
  await view(page, '+10,000');
  const title = inspector(page).getByRole('heading', { level: 2 });
  const before = await title.innerText();
  await page.keyboard.press(']');
  await expect(title).not.toHaveText(before);
  // Other work takes its place at once, not behind it.
  await view(page, 'Load');
  await view(page, '1,000');
  await view(page, '10');
  await expect(page.getByText(/of 10 for each of 3 endpoints/)).toBeVisible();
  await page.getByRole('checkbox', { name: 'Show on the stage' }).check();
});

test('on a phone the rules, their cost and load are there on request, and nothing is wider than the screen', async ({
  page,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('./');
  const summary = page.getByText('Rules, their cost, and load');
  await expect(page.getByRole('button', { name: 'Line by line', exact: true })).toBeHidden();
  await summary.click();
  await view(page, 'Cost');
  await expect(page.getByText(/^With 103 Services in the cluster/)).toBeVisible({ timeout: 30_000 });
  await view(page, 'Load');
  await expect(page.getByRole('row', { name: /^default\/web-/ })).toHaveCount(3);
  await expect(
    page
      .getByRole('row', { name: /^default\/web-/ })
      .first()
      .getByRole('cell')
      .first(),
  ).toBeInViewport();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
