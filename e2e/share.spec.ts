import { expect, type Page, test } from '@playwright/test';
import { chooseCni, expectCni, goToMark, inspector, openTab, position, share, verdict, visit } from './visit.ts';

test('a link opened in a clean browser shows the same trace at the same step', async ({ page, browser }) => {
  await visit(page);
  await chooseCni(page, 'Flannel', 'host-gw');
  await goToMark(page, /DNAT to/);
  const [step, words, title] = [
    await position(page).getAttribute('aria-valuenow'),
    await verdict(page).innerText(),
    await inspector(page).getByRole('heading', { level: 2 }).innerText(),
  ];
  const link = await share(page);
  expect(link.length).toBeLessThan(400);

  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(link);
  await expect(position(other)).toHaveAttribute('aria-valuenow', step ?? '');
  await expect(inspector(other).getByRole('heading', { level: 2 })).toHaveText(title);
  expect(await verdict(other).innerText()).toBe(words);
  await expect(other.getByRole('button', { name: 'Play' })).toBeVisible();
  // The address is clean again: it would soon no longer say what is shown.
  expect(new URL(other.url()).hash).toBe('');
  await elsewhere.close();
});

test('what the Rules tab shows is kept behind other tabs, and goes with a link', async ({ page, browser }) => {
  await visit(page);
  const isOn = async (on: Page, name: string) =>
    expect(on.getByRole('button', { name, exact: true })).toHaveAttribute('aria-pressed', 'true');
  await openTab(page, 'Rules');
  await page.getByRole('button', { name: 'Cost', exact: true }).click();
  await page.getByRole('button', { name: '+10', exact: true }).click();
  await openTab(page, 'Text');
  await openTab(page, 'Rules');
  await isOn(page, 'Cost');
  await isOn(page, '+10');

  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(await share(page));
  await isOn(other, 'Cost');
  await isOn(other, '+10');
  await elsewhere.close();
});

test('opening a link keeps the own work, and leads back to it', async ({ page }) => {
  await visit(page);
  const link = await share(page);
  await chooseCni(page, 'Flannel', 'host-gw');
  await page.goto('about:blank');
  await page.goto(link);
  await expectCni(page, 'Flannel: VXLAN');
  await expect(page.getByText('Your own work is kept')).toBeVisible();
  await page.getByRole('button', { name: 'Back to my own work' }).click();
  await expectCni(page, 'Flannel: host-gw');
});

for (const [what, fragment, says] of [
  ['broken', '#1.AAAAAAAAAAAA', /could not be opened/],
  ['newer', '#99.AAAAAAAAAAAA', /newer Hopscope/],
  ['foreign', '#of=another-program', /no Hopscope link/],
] as const) {
  test(`a ${what} link says so and leaves the own work alone`, async ({ page }) => {
    await visit(page);
    await chooseCni(page, 'Flannel', 'host-gw');
    await page.goto('about:blank');
    await page.goto(`./${fragment}`);
    await expect(page.getByRole('alert')).toContainText(says);
    await expectCni(page, 'Flannel: host-gw');
    await page.getByRole('button', { name: 'Dismiss', exact: true }).click();
    await expect(page.getByRole('alert')).toBeHidden();
  });
}

test('the last work and the step survive a reload', async ({ page }) => {
  await visit(page);
  await chooseCni(page, 'Flannel', 'host-gw');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Last step' }).click();
  const step = await position(page).getAttribute('aria-valuenow');
  await page.reload();
  await expectCni(page, 'Flannel: host-gw');
  await expect(position(page)).toHaveAttribute('aria-valuenow', step ?? '');
});
