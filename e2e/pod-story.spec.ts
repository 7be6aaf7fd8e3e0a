import { expect, test } from '@playwright/test';
import { chooseCni, inspector, openTab, pause, visit } from './visit.ts';

test('how a pod came to be, step by step, and on the stage', async ({ page }) => {
  await visit(page);
  await openTab(page, 'Pod');
  const steps = page.getByRole('list', { name: 'How default/toolbox came to be' });
  await expect(steps.getByRole('button').first()).toContainText('kube-scheduler');
  const room = page.locator('[data-id="ns:default/toolbox"]').first();
  await expect(room).toHaveClass(/is-unborn/);

  // By keyboard: the sandbox comes, and the room with it.
  await steps.getByRole('button').first().focus();
  await page.keyboard.press('ArrowDown');
  await expect(room).toHaveClass(/is-fresh/);

  await steps
    .getByRole('button', { name: /bridge/ })
    .first()
    .click();
  await expect(page.getByText('default via 10.244.0.1 dev eth0')).toBeVisible();
  await expect(page.getByRole('region', { name: /^bridge/ })).toContainText('"type": "bridge"');

  await steps.getByRole('button', { name: /flanneld/ }).click();
  await expect(page.getByText(/Nothing is sent/)).toBeVisible();

  // Another tab: the packet is back.
  await openTab(page, 'Timeline');
  await expect(room).not.toHaveClass(/is-unborn|is-fresh/);
});

test('another CNI tells another story, and the inspector opens it', async ({ page }) => {
  await visit(page);
  await chooseCni(page, 'Calico', 'BGP, no overlay');
  await pause(page);
  await page.locator('[data-id="ns:default/toolbox"]').first().click();
  await inspector(page).getByRole('button', { name: 'How it came to be' }).click();
  const steps = page.getByRole('list', { name: 'How default/toolbox came to be' });
  await steps.getByRole('button', { name: /felix/ }).first().click();
  await expect(page.getByText(/-A cali-to-wl-dispatch -o cali/).first()).toBeVisible();
});

test('a stopped daemon and a missing configuration say what waits, and are mended', async ({ page }) => {
  await visit(page);
  await page.getByRole('button', { name: /^Node node-2/ }).press('Enter');
  await inspector(page).getByRole('button', { name: 'Stop flanneld' }).click();
  await expect(page.getByText('1 fault', { exact: true })).toBeVisible();
  await inspector(page).getByRole('button', { name: 'Start flanneld' }).click();
  await expect(page.getByText('1 fault', { exact: true })).toBeHidden();

  await inspector(page).getByRole('button', { name: 'Remove the CNI configuration' }).click();
  await expect(inspector(page).getByText(/cni plugin not initialized/)).toBeVisible();
  await inspector(page).getByRole('button', { name: 'Put the CNI configuration back' }).click();
  await expect(inspector(page).getByText(/cni plugin not initialized/)).toBeHidden();
});
