import { expect, test } from '@playwright/test';
import { violations } from './violations.ts';
import { goToMark, inspector, openTab, position, verdict, visit } from './visit.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on any tab, ${colorScheme}`, async ({ page }) => {
    // Seven tabs, each looked through as a whole.
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visit(page);
    for (const tab of ['Timeline', 'Rules', 'Pod', 'YAML', 'Text', 'Policies', 'Matrix']) {
      await openTab(page, tab);
      await expect(page.getByRole('tabpanel')).not.toContainText('Loading');
      expect(await violations(page), tab).toEqual([]);
    }
  });

  test(`axe finds nothing in what opens, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visit(page);
    await page.getByRole('button', { name: /^flannel\.1 on node-1/ }).press('Enter');
    await inspector(page).getByRole('button', { name: 'Set flannel.1 down' }).click();
    await page.getByText('1 fault', { exact: true }).click();
    expect(await violations(page), 'a device and a fault').toEqual([]);
    await page.getByRole('button', { name: /^Node node-2/ }).press('Enter');
    expect(await violations(page), 'a node').toEqual([]);
    await page.getByRole('combobox', { name: 'To', exact: true }).click();
    expect(await violations(page), 'the list of targets').toEqual([]);
    await page.getByRole('button', { name: 'Help and keys' }).click();
    expect(await violations(page), 'help').toEqual([]);
  });
}

test('the theme is chosen, and kept', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await visit(page);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  const theme = page.getByRole('button', { name: /^Theme:/ });
  await theme.click();
  await theme.click();
  await expect.poll(background).not.toBe(light);
  const dark = await background();
  await page.reload();
  await expect.poll(background).toBe(dark);
});

test('everything important is reached by keyboard alone', async ({ page }) => {
  await visit(page);
  await page.keyboard.press('/');
  await expect(page.getByRole('combobox', { name: 'From', exact: true })).toBeFocused();
  await page.keyboard.type('node-2');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'From', exact: true })).toHaveValue('node-2');
  await expect(verdict(page)).toContainText('Arrived');
  await page.getByRole('tab', { name: 'Timeline' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('tab', { name: 'Rules' })).toBeFocused();
  await page.keyboard.press('1');
  await expect(position(page)).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(page.getByRole('combobox', { name: 'From', exact: true })).toHaveValue('default/toolbox');
  await page.keyboard.press('Control+Shift+z');
  await expect(page.getByRole('combobox', { name: 'From', exact: true })).toHaveValue('node-2');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  await expect(page.getByRole('button', { name: 'Open the inspector' })).toBeVisible();
  await page.keyboard.press('d');
  await expect(position(page)).toBeHidden();
});

test('panels are resized by keyboard, and remember it', async ({ page }) => {
  await visit(page);
  const edge = page.getByRole('separator', { name: 'Resize the inspector' });
  const before = Number(await edge.getAttribute('aria-valuenow'));
  await edge.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await expect(edge).toHaveAttribute('aria-valuenow', String(before + 32));
  await page.reload();
  await expect(edge).toHaveAttribute('aria-valuenow', String(before + 32));
});

test('without motion the packet steps and does not glide', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await visit(page);
  await goToMark(page, /DNAT to/);
  await expect(inspector(page).getByRole('heading', { level: 2 })).toContainText('DNAT to');
});

test('on a phone the text is the view', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('./');
  await expect(verdict(page)).toContainText('Arrived');
  const steps = page.getByRole('main').getByRole('listitem');
  await expect(steps.filter({ hasText: 'DNAT to' }).first()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await page.getByRole('button', { name: 'Step forward' }).click();
  await expect(page.locator('[aria-current="step"]')).toBeInViewport();
  expect(await violations(page)).toEqual([]);
});
