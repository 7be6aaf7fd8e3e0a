import { expect, test } from '@playwright/test';

test('the page loads, quietly, and talks to nobody else', async ({ page, baseURL }) => {
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== new URL(baseURL ?? '').origin) {
      strangers.push(request.url());
    }
  });

  await page.goto('./');
  await expect(page.getByRole('heading', { level: 1 }).or(page.getByRole('application')).first()).toBeVisible();
  await page.waitForLoadState('networkidle');

  const policy = page.locator('meta[http-equiv="Content-Security-Policy"]');
  await expect(policy).toHaveAttribute('content', /default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(strangers, 'requests to other hosts').toEqual([]);
  expect(complaints, 'errors and warnings in the console').toEqual([]);
});
