import { expect, test } from '@playwright/test';

test('once loaded, the app opens again without a network', async ({ page, context }) => {
  await page.goto('./');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await context.setOffline(true);
  await page.goto('./#some-link');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 }).or(page.getByRole('application')).first()).toBeVisible();
});
