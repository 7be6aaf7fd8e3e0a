import { expect, test } from '@playwright/test';
import { chooseCni, inspector, position, verdict, visit } from './visit.ts';

test('a first visit shows a cluster, a packet already sent, and what to try', async ({ page }) => {
  await page.goto('./');
  await expect(verdict(page)).toContainText('Arrived');
  await expect(page.getByRole('button', { name: /^Node node-\d/ })).toHaveCount(3);
  await expect(page.getByRole('button', { name: /^Pod / }).first()).toBeVisible();
  await expect(page.getByRole('button', { name: /^Service default\/web/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'What to try' }).getByRole('listitem')).toHaveCount(3);

  // The packet moves without being asked.
  const before = await position(page).getAttribute('aria-valuenow');
  await expect(position(page)).not.toHaveAttribute('aria-valuenow', before ?? '');
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
});

test('the hints stay away once they are dismissed, and come back when asked for', async ({ page }) => {
  await visit(page);
  const hints = page.getByRole('region', { name: 'What to try' });
  await page.getByRole('button', { name: 'Dismiss the hints' }).click();
  await expect(hints).toBeHidden();
  await page.reload();
  await expect(verdict(page)).toBeVisible();
  await expect(hints).toBeHidden();
  await page.getByRole('button', { name: 'Help and keys' }).click();
  await page.getByRole('button', { name: 'Show the first hints again' }).click();
  await expect(hints).toBeVisible();
});

for (const size of [
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
]) {
  test(`everything stands on one screen of ${size.width} by ${size.height}`, async ({ page }) => {
    await page.setViewportSize(size);
    await visit(page);
    const overflow = await page.evaluate(() => {
      const { scrollWidth, scrollHeight, clientWidth, clientHeight } = document.documentElement;
      return [scrollWidth - clientWidth, scrollHeight - clientHeight];
    });
    expect(overflow).toEqual([0, 0]);
    for (const name of ['Send', 'Share', 'Play', 'Next mark']) {
      await expect(page.getByRole('button', { name, exact: true })).toBeInViewport({ ratio: 1 });
    }
    await expect(inspector(page).getByRole('heading').first()).toBeInViewport();
  });
}

test('the picture is legible in a low window', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await visit(page);
  const smallestPx = await page.evaluate(() => {
    const shown = [...document.querySelectorAll<SVGTextElement>('.hs-scene text')].filter(
      (text) => text.textContent !== '' && text.getBoundingClientRect().height > 0,
    );
    const sizes = shown.map(
      (text) => Number.parseFloat(getComputedStyle(text).fontSize) * (text.getScreenCTM()?.a ?? 0),
    );
    return Math.min(...sizes);
  });
  expect(smallestPx).toBeGreaterThanOrEqual(11);
});

test('turning a knob traces the same packet again and says what changed', async ({ page }) => {
  await visit(page);
  const knobs = page.getByRole('region', { name: 'Cluster', exact: true });
  await chooseCni(page, 'Flannel', 'host-gw');
  await expect(knobs).toContainText(/encapsulation|tunnel|VXLAN/i);
  await expect(verdict(page)).toContainText('Arrived');

  // The names of options count as the label's words, and some modes speak of a proxy.
  await knobs.getByLabel(/^Proxy/).selectOption('none/none');
  await expect(verdict(page)).toContainText('Stopped');
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(verdict(page)).toContainText('Arrived');
  await page.getByRole('button', { name: 'Redo', exact: true }).click();
  await expect(verdict(page)).toContainText('Stopped');
});
