import { expect, type Page, test } from '@playwright/test';
import { goToMark, inspector, openTab, pause, verdict, visit } from './visit.ts';

const select = (page: Page, name: RegExp): Promise<void> => page.getByRole('button', { name }).first().press('Enter');

const press = (name: string | RegExp) => (page: Page) => inspector(page).getByRole('button', { name }).first().click();

/** what, what is selected, how it is broken, what the verdict then is. */
const faults: readonly (readonly [
  what: string,
  thing: RegExp,
  breakIt: (page: Page) => Promise<void>,
  then: RegExp,
])[] = [
  ['a tunnel device is set down', /^flannel\.1 on node-1/, press('Set flannel.1 down'), /Stopped/],
  ['a network card is set down', /^eth0 on node-1/, press('Set eth0 down'), /Stopped/],
  ['a route is deleted', /^Node node-1/, press(/^Delete route: 10\.244\.1\.0/), /Stopped/],
  ['an FDB entry is deleted', /^flannel\.1 on node-1/, press(/^Delete FDB entry/), /Stopped/],
  ['a neighbour is deleted', /^flannel\.1 on node-1/, press(/^Delete neighbour/), /Stopped/],
  ['ip_forward is turned off', /^Node node-1/, press('Turn ip_forward off'), /Stopped/],
  ['br_netfilter is turned off', /^Node node-1/, press('Turn br_netfilter off'), /Arrived/],
  ['a listener is stopped', /^Pod default\/web-.* on node-2/, press(/^Stop listener/), /refused/i],
  ['a pod is deleted', /^Pod default\/toolbox/, press('Delete this pod'), /Stopped/],
  [
    'the MTU is changed',
    /^flannel\.1 on node-1/,
    async (page) => {
      await inspector(page).getByLabel('MTU of flannel.1 in bytes').fill('1000');
      await inspector(page).getByRole('button', { name: 'Change MTU' }).click();
    },
    /Arrived/,
  ],
];

for (const [what, thing, breakIt, then] of faults) {
  test(`${what}, and undone`, async ({ page }) => {
    await visit(page);
    await select(page, thing);
    await breakIt(page);
    await expect(page.getByText('1 fault', { exact: true })).toBeVisible();
    await expect(verdict(page)).toContainText(then);

    await page.getByText('1 fault', { exact: true }).click();
    await page.getByRole('button', { name: 'Undo this fault' }).click();
    await expect(page.getByText('1 fault', { exact: true })).toBeHidden();
    await expect(verdict(page)).toContainText('Arrived');
  });
}

test('a rule is deleted where it matched, and the packet goes astray', async ({ page }) => {
  await visit(page);
  await page.keyboard.press('1');
  await goToMark(page, /DNAT to/);
  await openTab(page, 'Rules');
  const rules = page.getByRole('region', { name: /^Rules of node-1/ });
  const jump = rules.getByText(/-A PREROUTING .* -j KUBE-SERVICES/);
  await expect(jump).toBeVisible();
  await rules.getByRole('button', { name: 'Delete this rule' }).first().click();
  await pause(page);
  await expect(verdict(page)).toContainText('Stopped');
  await page.getByText('1 fault', { exact: true }).click();
  await page.getByRole('button', { name: 'Undo this fault' }).click();
  await expect(verdict(page)).toContainText('Arrived');
});

test('one of two faults is undone, the other stays', async ({ page }) => {
  await visit(page);
  await select(page, /^flannel\.1 on node-1/);
  await press('Set flannel.1 down')(page);
  await select(page, /^Node node-2/);
  await press('Turn ip_forward off')(page);
  await page.getByText('2 faults', { exact: true }).click();
  const list = page.getByRole('list', { name: 'Active faults' });
  await list.getByRole('listitem').filter({ hasText: 'flannel.1' }).getByRole('button').click();
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await expect(list).toContainText('ip_forward');
});
