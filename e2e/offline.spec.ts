import { expect, test } from '@playwright/test';
import { openTab } from './visit.ts';

test('once loaded, the app opens again without a network', async ({ page, context }) => {
  await page.goto('./');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await context.setOffline(true);
  await page.goto('./#some-link');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 }).or(page.getByRole('application')).first()).toBeVisible();

  // So does the worker, which is asked for only when somebody counts.
  await openTab(page, 'Rules');
  await page.getByRole('button', { name: 'Cost', exact: true }).click();
  await expect(page.getByText(/^With 103 Services in the cluster/)).toBeVisible({ timeout: 30_000 });
});
