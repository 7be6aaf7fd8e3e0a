import { expect, type Page, test } from '@playwright/test';
import { goToMark, openTab, pause, visit } from './visit.ts';

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

  // IPVS has a table of servers.
  await choose(page, 'ipvs');
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
