/** What several journeys do. Everything is found as a person, or a screen reader, finds it. */
import { readFileSync } from 'node:fs';
import { expect, type Locator, type Page } from '@playwright/test';

export const verdict = (page: Page): Locator => page.getByRole('region', { name: 'Verdict' });
export const position = (page: Page): Locator => page.getByRole('slider', { name: 'Position in the trace' });
export const inspector = (page: Page): Locator => page.getByRole('complementary', { name: 'Inspector' });

/** Opens the page and stops the packet, so that only the journey moves it. */
export async function visit(page: Page, address = './'): Promise<void> {
  await page.goto(address);
  await expect(verdict(page)).toBeVisible();
  await pause(page);
}

export async function pause(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: /^(Play|Pause)$/ });
  if ((await button.textContent()) === 'Pause') await button.click();
  await expect(button).toHaveText('Play');
}

/** Fills the probe's fields and sends it. Names are given as a person reads them in the list. */
export async function send(page: Page, from: string, to: string, port: number): Promise<void> {
  await choose(page, 'From', from);
  await choose(page, 'To', to);
  await page.getByRole('spinbutton', { name: 'Port', exact: true }).fill(String(port));
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await pause(page);
}

/** Types a part of the name and takes the first suggestion that begins so. */
async function choose(page: Page, field: string, text: string): Promise<void> {
  await page.getByRole('combobox', { name: field, exact: true }).fill(text);
  const list = page.getByRole('listbox', { name: field, exact: true });
  await list.getByRole('option').filter({ hasText: text }).first().click();
}

const cniKnob = (page: Page): Locator =>
  page.getByRole('region', { name: 'Cluster', exact: true }).locator('summary', { hasText: 'CNI' });

/** Opens the picker, goes to a CNI, and takes one of its modes. */
export async function chooseCni(page: Page, cni: string, mode: string): Promise<void> {
  await cniKnob(page).click();
  await page.getByRole('tablist', { name: 'CNI' }).getByRole('tab', { name: cni }).click();
  const panel = page.getByRole('tabpanel', { name: cni, exact: true });
  await panel.getByRole('radio', { name: mode }).first().check();
  await cniKnob(page).click();
}

/** `Flannel: host-gw`. */
export const expectCni = (page: Page, label: string): Promise<void> =>
  expect(cniKnob(page)).toHaveAccessibleName(`CNI ${label}`);

export const openTab = (page: Page, name: string): Promise<void> =>
  page.getByRole('tab', { name, exact: true }).click();

/** Drops a file onto the middle of the page. */
export async function dropFile(page: Page, name: string, text: string): Promise<void> {
  const data = await page.evaluateHandle(
    ({ fileName, content }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], fileName, { type: 'application/yaml' }));
      return transfer;
    },
    { fileName: name, content: text },
  );
  await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
  await expect(page.getByText('Drop manifests here')).toBeVisible();
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
  await expect(page.getByText('Drop manifests here')).toBeHidden();
}

/** A file beside the journeys, or beside the project. */
export const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The link that Share shows. */
export async function share(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const link = await dialog.getByRole('textbox', { name: 'Link' }).inputValue();
  await dialog.getByRole('button', { name: 'Done' }).click();
  return link;
}

const MARKS_TRIED_MAX = 12;

/** From the start, mark by mark, to the first one that reads so. */
export async function goToMark(page: Page, words: RegExp): Promise<void> {
  await page.keyboard.press('Home');
  for (let i = 0; i < MARKS_TRIED_MAX; i++) {
    if (words.test((await position(page).getAttribute('aria-valuetext')) ?? '')) return;
    await page.keyboard.press(']');
  }
  throw new Error(`No mark reads ${words}.`);
}
