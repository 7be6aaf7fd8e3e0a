import { expect, type Page, test } from '@playwright/test';
import { goToMark, inspector, openTab, position, verdict, visit } from './visit.ts';

const at = async (page: Page): Promise<number> => Number(await position(page).getAttribute('aria-valuenow'));

test('steps, marks and ends, by button and by key', async ({ page }) => {
  await visit(page);
  await page.keyboard.press('Home');
  expect(await at(page)).toBe(1);
  await page.getByRole('button', { name: 'Step forward' }).click();
  const second = await at(page);
  expect(second).toBeGreaterThan(1);
  await page.keyboard.press('ArrowRight');
  expect(await at(page)).toBeGreaterThan(second);
  await page.keyboard.press('ArrowLeft');
  expect(await at(page)).toBe(second);
  await goToMark(page, /DNAT to/);
  await expect(inspector(page).getByRole('heading', { level: 2 })).toContainText('DNAT to');
  await page.keyboard.press('[');
  await expect(position(page)).not.toHaveAttribute('aria-valuetext', /DNAT to/);
  await page.keyboard.press('End');
  expect(await at(page)).toBe(Number(await position(page).getAttribute('aria-valuemax')));
  await expect(page.getByRole('button', { name: 'Step forward' })).toBeDisabled();
});

test('Space plays and pauses; a faster speed is kept', async ({ page }) => {
  await visit(page);
  await page.getByLabel('Speed').selectOption('4');
  await page.keyboard.press('Home');
  await position(page).focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  await expect.poll(() => at(page)).toBeGreaterThan(5);
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Play' })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Speed')).toHaveValue('4');
});

test('the timeline is scrubbed by the pointer', async ({ page }) => {
  await visit(page);
  const box = await position(page).boundingBox();
  if (box === null) throw new Error('The timeline has no size.');
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + 4, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, middle, { steps: 4 });
  const half = await at(page);
  expect(half).toBeGreaterThan(1);
  await page.mouse.move(box.x + box.width - 4, middle);
  await page.mouse.up();
  expect(await at(page)).toBeGreaterThan(half);
});

test('every step is one level down', async ({ page }) => {
  await visit(page);
  await page.keyboard.press('Home');
  await page.getByLabel('Stop at').selectOption('steps');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  expect(await at(page)).toBe(3);
});

test('the verdict leads to the step that decided', async ({ page }) => {
  await visit(page);
  await page.keyboard.press('Home');
  await verdict(page).getByRole('button', { name: 'Go to the step' }).click();
  expect(await at(page)).toBeGreaterThan(1);
});

test('the text tab follows the step and leads to any other', async ({ page }) => {
  await visit(page);
  await openTab(page, 'Text');
  const panel = page.getByRole('tabpanel');
  await page.keyboard.press('Home');
  await expect(panel.locator('[aria-current="step"]')).toContainText('1');
  await panel
    .getByRole('button', { name: /DNAT to/ })
    .first()
    .click();
  await expect(panel.locator('[aria-current="step"]')).toContainText('DNAT to');
  await expect(inspector(page).getByRole('heading', { level: 2 })).toContainText('DNAT to');
});

test('a step is said aloud when one stands on it', async ({ page }) => {
  await visit(page);
  await goToMark(page, /DNAT to/);
  await expect(
    page.locator('[aria-live="polite"]').filter({ hasText: /DNAT to .*translates the destination/ }),
  ).toBeAttached();
});

test('a packet is sent as a command', async ({ page }) => {
  await visit(page);
  const field = page.getByRole('textbox', { name: 'As a command' });
  await field.fill('ping 10.244.1.2');
  await field.press('Enter');
  await expect(page.getByLabel('Protocol')).toHaveValue('ping');
  await expect(verdict(page)).toContainText('Arrived');
  await field.fill('curl http://a..b/');
  await field.press('Enter');
  await expect(page.getByRole('alert')).toContainText('"a..b"');
  await field.fill('curl http://nowhere/');
  await field.press('Enter');
  await expect(verdict(page)).toContainText('curl: (6) Could not resolve host: nowhere');
  await field.fill('curl http://web.default/');
  await field.press('Enter');
  await expect(page.getByRole('alert')).toBeHidden();
  await expect(page.getByRole('combobox', { name: 'To', exact: true })).toHaveValue('web.default');
});
