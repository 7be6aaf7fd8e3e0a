import { expect, type Page, test } from '@playwright/test';
import { goToMark, inspector, openTab, pause, verdict, visit } from './visit.ts';

const select = (page: Page, name: RegExp): Promise<void> => page.getByRole('button', { name }).first().press('Enter');
const press = (page: Page, name: string | RegExp): Promise<void> =>
  inspector(page).getByRole('button', { name }).first().click();
const rewrites = (page: Page) => inspector(page).getByRole('region', { name: 'What the proxy rewrote' });

test('a stopped proxy keeps sending to a pod that is gone, and heals when it is started', async ({ page }) => {
  await visit(page);
  await expect(verdict(page)).toContainText('Arrived');
  await select(page, /^Node node-1/);
  await press(page, 'Stop kube-proxy');
  await expect(page.getByText('1 fault', { exact: true })).toBeVisible();
  await expect(verdict(page)).toContainText('Arrived');
  await expect(rewrites(page)).toContainText('Nothing');

  await select(page, /^Pod default\/web-.* on node-2/);
  await press(page, 'Delete this pod');
  await expect(verdict(page)).toContainText('kube-proxy on node-1 is stopped, and its stale rules still send');
  await expect(rewrites(page)).toContainText('kube-proxy on node-2');
  await expect(rewrites(page)).not.toContainText('kube-proxy on node-1');

  await select(page, /^Node node-1/);
  await press(page, 'Start kube-proxy');
  await expect(verdict(page)).toContainText('Arrived');
  await expect(page.getByText('1 fault', { exact: true })).toBeVisible();
  const diff = rewrites(page).getByRole('list', { name: 'Lines that changed on node-1' });
  await expect(rewrites(page).getByText(/kube-proxy on node-1: \+\d+ −\d+ lines/)).toBeVisible();
  await expect(diff.getByRole('listitem').filter({ hasText: /^−-A KUBE-SEP-/ })).not.toHaveCount(0);
  await expect(diff.getByRole('listitem').filter({ hasText: /^\+-A KUBE-SEP-/ })).not.toHaveCount(0);
});

test('pods are marked not ready and scaled, and both can be undone', async ({ page }) => {
  await visit(page);
  await select(page, /^Pod default\/web-.* on node-2/);
  await press(page, 'Mark not ready');
  await expect(rewrites(page)).toContainText('kube-proxy on node-2');
  await expect(inspector(page)).toContainText(/Ready\s*no/);
  await press(page, 'Mark ready');
  await expect(page.getByText('1 fault', { exact: true })).toBeHidden();

  await inspector(page).getByLabel('Replicas of Deployment default/web').fill('4');
  await press(page, 'Scale to 4');
  await expect(page.getByText('1 change', { exact: true })).toBeVisible();
  await expect(
    rewrites(page)
      .getByText(/:KUBE-SEP-\w+ - \[0:0\]/)
      .first(),
  ).toBeVisible();
  await page.getByText('1 change', { exact: true }).click();
  await page.getByRole('button', { name: 'Undo this change' }).click();
  await expect(page.getByText('1 change', { exact: true })).toBeHidden();
});

/** A line of the x-ray, its button to delete it, and the strip that says who writes it again. */
const deleted = (page: Page) => page.getByRole('region', { name: 'Deleted on node-1' }).first();
const remove = async (page: Page, mode: string, line: RegExp, button: string): Promise<void> => {
  await visit(page);
  await page
    .getByRole('region', { name: 'Cluster', exact: true })
    .getByLabel(/^Proxy/)
    .selectOption(`kube-proxy/${mode}`);
  await pause(page);
  await goToMark(page, mode === 'ipvs' ? /IPVS|real server/i : /DNAT to/);
  await openTab(page, 'Rules');
  const row = page
    .getByRole('region', { name: /^Rules of node-1/ })
    .locator('.xray-row')
    .filter({ hasText: line })
    .first();
  await row.getByRole('button', { name: button }).click();
  await pause(page);
};

test('an element of an nftables map is deleted, and a full sync of kube-proxy brings it back', async ({ page }) => {
  await remove(page, 'nftables', /@service-ips: .* : goto service-/, 'Delete this element');
  await expect(verdict(page)).not.toContainText('Arrived');
  await expect(deleted(page)).toContainText('once an hour (since 1.33)');
  await deleted(page).getByRole('button', { name: 'Let kube-proxy sync now' }).click();
  await expect(verdict(page)).toContainText('Arrived');
  await expect(page.getByText('1 fault', { exact: true })).toBeHidden();
  await page.keyboard.press('Control+z');
  await expect(page.getByText('1 fault', { exact: true })).toBeVisible();
});

test('a virtual server is deleted; a stopped kube-proxy leaves it so, a started one does not', async ({ page }) => {
  await remove(page, 'ipvs', /^found *(TCP|UDP) +10\./, 'Delete this virtual server');
  await expect(verdict(page)).not.toContainText('Arrived');
  await expect(deleted(page)).toContainText('within 30 seconds');

  await select(page, /^Node node-1/);
  await press(page, 'Stop kube-proxy');
  await expect(deleted(page)).toContainText('The proxy is stopped here');
  await expect(page.getByRole('button', { name: 'Let kube-proxy sync now' })).toBeHidden();
  await press(page, 'Start kube-proxy');
  await expect(verdict(page)).toContainText('Arrived');
  await expect(page.getByText(/\d faults?/)).toBeHidden();
});
