import { expect, type Page, test } from '@playwright/test';
import { inspector, verdict, visit } from './visit.ts';

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
