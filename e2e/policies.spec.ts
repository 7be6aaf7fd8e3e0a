import { expect, type Locator, type Page, test } from '@playwright/test';
import { violations } from './violations.ts';
import { chooseCni, openTab, pause, send, share, verdict, visit } from './visit.ts';

// Long journeys, each through several tabs.
test.describe.configure({ timeout: 120_000 });

const why = (page: Page): Locator => page.getByRole('region', { name: 'Why', exact: true });
const policiesKnob = (page: Page): Locator =>
  page.getByRole('region', { name: 'Cluster', exact: true }).locator('summary', { hasText: 'Policies' });
const matrix = (page: Page): Locator => page.getByRole('grid', { name: /^Who may reach whom/ });

/** A cluster whose CNI enforces policies, and a packet between two pods without a name to look up. */
async function visitCalico(page: Page): Promise<void> {
  await visit(page);
  await chooseCni(page, 'Calico', 'IPIP');
  await send(page, 'default/toolbox', 'default/web', 8080);
  await expect(verdict(page)).toContainText('Arrived');
}

/** From a template, as it is. */
async function addPolicy(page: Page, template: RegExp): Promise<void> {
  await openTab(page, 'Policies');
  await page.getByRole('button', { name: 'New policy' }).click();
  await page.getByRole('button', { name: template }).click();
  await page.getByRole('button', { name: 'Add to the cluster' }).click();
  await expect(page.getByRole('button', { name: 'Apply', exact: true })).toBeVisible();
}

async function flip(page: Page, to: 'On' | 'Staged' | 'Off'): Promise<void> {
  await policiesKnob(page).click();
  const group = page
    .locator('.policy-panel')
    .getByRole('group', { name: /^Switch of/ })
    .first();
  await group.getByText(to, { exact: true }).click();
  await expect(group.getByRole('radio', { name: to })).toBeChecked();
  await page.keyboard.press('Escape');
}

test('a default deny drops the packet with its reason, and the smallest change lets it through again', async ({
  page,
}) => {
  await visitCalico(page);
  await addPolicy(page, /^Default deny: ingress/);
  await expect(verdict(page)).toContainText('Stopped');
  await expect(verdict(page)).toContainText('NetworkPolicy default/default-deny-ingress');
  await expect(page.locator('.change')).toContainText('Changed:');

  await page.getByRole('button', { name: 'Policies: why' }).click();
  const receiver = why(page).getByRole('region', { name: 'Ingress at the receiver' });
  await expect(receiver).toContainText('does not admit');
  await expect(receiver).toContainText('It has no ingress rules: nothing may pass.');
  await expect(why(page).getByRole('region', { name: 'Egress at the sender' })).toContainText(
    'No policy selects the pod for this direction',
  );
  const change = page.getByRole('region', { name: 'Smallest change' });
  await expect(change).toContainText('+');
  await change.getByRole('button', { name: 'Apply this change' }).click();
  await expect(verdict(page)).toContainText('Arrived');
  await expect(receiver).toContainText('admits');
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(verdict(page)).toContainText('Stopped');
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(verdict(page)).toContainText('Arrived');
});

test('a flipped switch marks and counts what it changed in the matrix', async ({ page }) => {
  await visitCalico(page);
  await addPolicy(page, /^Default deny: ingress/);
  await openTab(page, 'Matrix');
  await matrix(page).focus();
  await expect(matrix(page).getByRole('gridcell')).toHaveText(/: denied$/);
  await flip(page, 'Off');
  await expect(page.getByText(/^\d+ pairs opened$/)).toBeVisible();
  await matrix(page).focus();
  await expect(matrix(page).getByRole('gridcell')).toHaveText(/: allowed, just opened$/);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByText(/pairs opened/)).toBeHidden();

  await flip(page, 'Staged');
  await expect(page.getByText(/^Staged policies would change it: \d+ pairs closed\.$/)).toBeVisible();
  await expect(verdict(page)).toContainText('Arrived');
  await page.getByRole('button', { name: 'Policies: why' }).click();
  await expect(why(page)).toContainText('with the staged policies on, it would be dropped');
});

test('a cell has its reason and its packet, by keyboard', async ({ page }) => {
  await visitCalico(page);
  await addPolicy(page, /^Default deny: ingress/);
  await openTab(page, 'Matrix');
  await matrix(page).focus();
  await page.keyboard.press('ArrowRight');
  await expect(matrix(page).getByRole('gridcell')).toHaveText(/^web \(3 pods\) to api \(2 pods\): denied/);
  await page.keyboard.press('Enter');
  const cell = page.getByRole('region', { name: 'The cell' });
  await expect(cell).toContainText('It has no ingress rules: nothing may pass.');
  await cell.getByRole('button', { name: 'Send this packet' }).click();
  await pause(page);
  await expect(page.getByRole('combobox', { name: 'From', exact: true })).toHaveValue(/^default\/web-/);
  await expect(verdict(page)).toContainText('Stopped');
});

test('switches go with a link', async ({ page, browser }) => {
  await visitCalico(page);
  await addPolicy(page, /^Default deny: all/);
  await expect(verdict(page)).toContainText('Stopped');
  await flip(page, 'Staged');
  await expect(verdict(page)).toContainText('Arrived');
  const link = await share(page);
  const elsewhere = await browser.newContext();
  const other = await elsewhere.newPage();
  await other.goto(link);
  await expect(verdict(other)).toContainText('Arrived');
  await policiesKnob(other).click();
  await expect(other.locator('.policy-panel').getByRole('radio', { name: 'Staged' })).toBeChecked();
  await elsewhere.close();
});

test('the form says the words of the API server at the field, and is what the YAML says', async ({ page }) => {
  await visitCalico(page);
  await addPolicy(page, /^Allow one app to another/);
  const form = page.getByRole('form', { name: 'Policy' });
  await form.getByRole('textbox', { name: 'Ports' }).fill('TCP 99999');
  await expect(form).toContainText(
    'spec.ingress[0].ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive',
  );
  await expect(page.getByRole('button', { name: 'Apply', exact: true })).toBeDisabled();
  await form.getByRole('textbox', { name: 'Ports' }).fill('TCP 9090');
  await form.getByRole('textbox', { name: 'Selects pods with' }).fill('app in (web, api)');
  await expect(form).toContainText('Selects 5 pods');
  await expect(page.getByRole('textbox', { name: 'Policy as YAML' })).toContainText('operator: In');
  await page.getByRole('button', { name: 'Apply', exact: true }).click();
  await expect(verdict(page)).toContainText('Stopped');
  await page.getByRole('button', { name: 'Policies: why' }).click();
  await expect(why(page)).toContainText('wants TCP 9090; this goes to port 8080');
  await page
    .getByRole('button', { name: /^default\/allow-toolbox-to-web/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(verdict(page)).toContainText('Arrived');
  await expect(page.getByText('No policy selects any pod').first()).toBeVisible();
});

test('where nobody enforces policies, the page says so', async ({ page }) => {
  await visit(page);
  await addPolicy(page, /^Default deny: ingress/);
  await expect(verdict(page)).toContainText('Arrived');
  await expect(page.getByText(/Flannel does not enforce NetworkPolicy: it is stored and has no effect/)).toBeVisible();
  await expect(
    page.getByRole('button', { name: /isolated for ingress by policies that nobody enforces/ }).first(),
  ).toBeVisible();
});

test('in policy mode a drag offers a policy; elsewhere it sends a packet', async ({ page }) => {
  await visitCalico(page);
  const middleOf = async (name: RegExp) => {
    const box = await page.getByRole('button', { name }).first().boundingBox();
    if (!box) throw new Error(`${name} is not on the stage`);
    return [box.x + box.width / 3, box.y + box.height / 3] as const;
  };
  const drag = async (from: RegExp, to: RegExp) => {
    const [start, end] = [await middleOf(from), await middleOf(to)];
    await page.mouse.move(...start);
    await page.mouse.down();
    await page.mouse.move(start[0] + 20, start[1] + 4, { steps: 3 });
    await page.mouse.move(...end, { steps: 5 });
    await page.mouse.up();
  };
  const sent = await page.getByRole('combobox', { name: 'To', exact: true }).inputValue();
  await page.keyboard.press('m');
  await expect(page.getByRole('button', { name: /^Policy mode/ })).toHaveAttribute('aria-pressed', 'true');
  await drag(/^Pod default\/toolbox/, /^Pod default\/api-.* on node-1/);
  const offer = page.getByRole('region', { name: 'The arrow that you drew' });
  await expect(offer).toContainText('closes it to all others');
  await expect(page.getByRole('combobox', { name: 'To', exact: true })).toHaveValue(sent);
  await offer.getByRole('button', { name: 'Add this policy' }).click();
  await expect(offer).toBeHidden();
  await expect(verdict(page)).toContainText('Arrived');
  await expect(
    page.getByRole('button', { name: /^Pod default\/api-.*isolated for ingress by policies/ }).first(),
  ).toBeVisible();
  await page
    .getByRole('button', { name: /^Pod default\/toolbox/ })
    .first()
    .press('Enter');
  await expect(page.locator('.hs-allow').first()).toBeAttached();
  await page.getByRole('button', { name: 'Done', exact: true }).click();
  await expect(page.locator('.hs-allow')).toHaveCount(0);

  await drag(/^Pod default\/web-.* on node-1/, /^Pod default\/api-.* on node-1/);
  await expect(page.getByRole('combobox', { name: 'From', exact: true })).toHaveValue(/^default\/web-/);
  await expect(verdict(page)).toContainText('Stopped');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing where policies are, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await visitCalico(page);
    await openTab(page, 'Policies');
    expect(await violations(page), 'templates').toEqual([]);
    await addPolicy(page, /^Default deny: all/);
    expect(await violations(page), 'editor').toEqual([]);
    await page.getByRole('button', { name: 'Why', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Apply this change' })).toBeVisible();
    expect(await violations(page), 'why').toEqual([]);
    await policiesKnob(page).click();
    expect(await violations(page), 'the knob').toEqual([]);
    await page.keyboard.press('Escape');
    await openTab(page, 'Matrix');
    await matrix(page).focus();
    await page.keyboard.press('Enter');
    expect(await violations(page), 'matrix').toEqual([]);
    await page.getByRole('button', { name: 'List', exact: true }).click();
    expect(await violations(page), 'matrix as text').toEqual([]);
  });
}

test('a proxy of the CNI answers 403 to what a policy does not let be asked, and 200 to the rest', async ({ page }) => {
  await visit(page);
  await chooseCni(page, 'Cilium', 'VXLAN');
  await addPolicy(page, /^Only some requests/);
  await expect(verdict(page)).toContainText(
    'HTTP/1.1 403 Forbidden: the connection stands, but no rule of CiliumNetworkPolicy default/public-only-web lets GET / pass',
  );
  await expect(page.locator('.change')).toContainText('the answer is HTTP/1.1 403 Forbidden');
  await page.getByRole('textbox', { name: 'As a command' }).fill('curl http://web.default/public');
  await page.keyboard.press('Enter');
  await expect(verdict(page)).toContainText('HTTP/1.1 200 OK');
});
