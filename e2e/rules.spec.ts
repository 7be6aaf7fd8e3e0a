import { expect, type Page, test } from '@playwright/test';
import { goToMark, inspector, openTab, pause, visit } from './visit.ts';

/** The knob of the proxy, by the mode. */
async function choose(page: Page, mode: string): Promise<void> {
  const knob = page.getByRole('region', { name: 'Cluster' }).getByLabel(/^Proxy/);
  await knob.selectOption(`kube-proxy/${mode}`);
  await pause(page);
}

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

/** The longest time that the page could not answer, since this was called: tasks of 50 ms and more are reported by the browser. */
async function watchTasks(page: Page): Promise<() => Promise<number>> {
  const longest = await page.evaluateHandle(() => {
    const seen = { ms: 0 };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.ms = Math.max(seen.ms, duration);
    }).observe({ type: 'longtask' });
    return seen;
  });
  return () => longest.evaluate(({ ms }) => ms);
}

test('the page stays alive while ten thousand Services are counted and a thousand connections are made', async ({
  page,
}) => {
  await visit(page);
  await openTab(page, 'Rules');
  await view(page, 'Cost');
  const sentence = page.getByText(/^With [\d,]+ Services in the cluster/);
  await expect(sentence).toBeVisible();
  const longest = await watchTasks(page);

  await view(page, '+10,000');
  await expect(page.getByText(/^Counting … \d+ of \d+$/)).toBeVisible();
  // Steps are taken meanwhile.
  const title = inspector(page).getByRole('heading', { level: 2 });
  const before = await title.innerText();
  await page.keyboard.press(']');
  await expect(title).not.toHaveText(before);
  await expect(sentence).toContainText(/With 10,003 Services .*IPVS, rr \d+ \(as before\)/, { timeout: 60_000 });

  // What nobody waits for is given up.
  await view(page, 'Load');
  await view(page, '1,000');
  await view(page, '10');
  await view(page, '1,000');
  await expect(page.getByRole('cell', { name: /^33\d$|^3[0-6]\d$/ }).first()).toBeVisible({ timeout: 60_000 });
  await page.getByRole('checkbox', { name: 'Show on the stage' }).check();
  expect(await longest()).toBeLessThan(200);
});
