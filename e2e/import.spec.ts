import { existsSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { dropFile, openTab, read, send, verdict, visit } from './visit.ts';

const BOUTIQUE = '../../shared/manifests/online-boutique.yaml';

/** From the frontend to the cart, and every station that the packet must pass on its way there and back. */
async function followCart(page: Page): Promise<void> {
  await send(page, 'default/frontend', 'cartservice.default', 7070);
  await expect(verdict(page)).toContainText('Arrived');
  await openTab(page, 'Text');
  const steps = page.getByRole('tabpanel').getByRole('listitem');
  for (const words of [/DNAT to 10\.244\.\d+\.\d+:7070/, /Encapsulated to/, /Unwrapped by/, /Arrives at/]) {
    await expect(steps.filter({ hasText: words }).first()).toBeAttached();
  }
  await expect(steps.filter({ hasText: /Answer comes from 10\.\d+\.\d+\.\d+:7070 again/ }).first()).toBeAttached();
  await steps
    .filter({ hasText: /DNAT to 10\.244\.\d+\.\d+:7070/ })
    .first()
    .getByRole('button')
    .click();

  await openTab(page, 'Rules');
  const rules = page.getByRole('region', { name: /^Rules of node-/ });
  await expect(rules).toContainText(/-A PREROUTING .* -j KUBE-SERVICES/);
  await expect(rules).toContainText(/default\/cartservice:grpc cluster IP.* -j KUBE-SVC-[A-Z2-7]{16}/);
  await expect(rules).toContainText(/-j KUBE-SEP-[A-Z2-7]{16}/);
  await expect(rules).toContainText(/-j DNAT --to-destination 10\.244\.\d+\.\d+:7070/);
}

test('manifests that are dropped become the cluster, and what has no effect is listed', async ({ page }) => {
  await visit(page);
  await dropFile(page, 'shop.yaml', read('fixtures/shop.yaml'));
  const side = page.getByRole('region', { name: 'Import and export' });
  await expect(side).toContainText('shop.yaml: 2 Deployments, 3 Services');
  await expect(side).toContainText('ServiceAccount');
  await expect(page.getByRole('button', { name: /^Pod default\/frontend-/ })).toBeVisible();

  await side.getByLabel('Nodes').fill('4');
  await expect(side).toContainText('256 nodes, 254 pods each');
  await side.getByLabel('Node mask').fill('26');
  await expect(side).toContainText('1024 nodes, 62 pods each');
  await side.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('button', { name: /^Node node-\d/ })).toHaveCount(4);
  await followCart(page);
});

test('a real application: frontend to cartservice in online-boutique', async ({ page }) => {
  const url = new URL(BOUTIQUE, import.meta.url);
  test.skip(!existsSync(url), 'online-boutique.yaml is not beside this checkout');
  await visit(page);
  await dropFile(page, 'online-boutique.yaml', read(BOUTIQUE));
  const side = page.getByRole('region', { name: 'Import and export' });
  await expect(side).toContainText('12 Deployments, 12 Services');
  await expect(side).toContainText('ServiceAccount');
  await followCart(page);
});

test('a Service without endpoints refuses, and says so', async ({ page }) => {
  await visit(page);
  await dropFile(page, 'shop.yaml', read('fixtures/shop.yaml'));
  // The import offers a probe of its own, and must not do so while the fields are being filled.
  await expect(page.getByRole('button', { name: /^Pod default\/frontend-/ })).toBeVisible();
  await send(page, 'default/frontend', 'payments.default', 50051);
  await expect(verdict(page)).toContainText('Stopped');
  await expect(verdict(page)).toContainText(/no (ready )?endpoints/i);
  await expect(verdict(page)).toContainText(/refused/i);
});

test('manifests are pasted anywhere', async ({ page }) => {
  await visit(page);
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, read('fixtures/shop.yaml'));
  await expect(page.getByRole('button', { name: /^Pod default\/cartservice-/ })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Import and export' })).toContainText('the clipboard: 2 Deployments');
});

test('undo brings the old cluster back', async ({ page }) => {
  await visit(page);
  await dropFile(page, 'shop.yaml', read('fixtures/shop.yaml'));
  await expect(page.getByRole('button', { name: /^Pod default\/frontend-/ })).toBeVisible();
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(page.getByRole('button', { name: /^Pod default\/frontend-/ })).toBeHidden();
  await expect(page.getByRole('button', { name: /^Service default\/web/ })).toBeVisible();
});

test('errors name the line, and the cluster stays', async ({ page }) => {
  await visit(page);
  const bad = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: Broken_Name\nspec:\n  ports:\n    - port: 99999\n';
  await dropFile(page, 'bad.yaml', bad);
  const side = page.getByRole('region', { name: 'Import and export' });
  await expect(side.getByRole('alert')).toContainText('The cluster stays as it was');
  const errors = side.getByRole('list', { name: 'Errors' });
  await expect(errors).toContainText('line 4');
  await expect(errors).toContainText('Invalid value: 99999');
  await expect(side.getByRole('button', { name: 'Apply' })).toBeDisabled();
  await expect(page.getByRole('button', { name: /^Service default\/web/ })).toBeVisible();
  await errors.getByRole('button').filter({ hasText: 'line 7' }).first().click();
  await expect(page.getByRole('textbox', { name: 'Manifests' })).toBeFocused();

  await side.getByRole('button', { name: "Back to the cluster's own" }).click();
  await expect(side).toContainText('The cluster:');
  await expect(side.getByRole('button', { name: 'Apply' })).toBeEnabled();
});

test('networks that overlap are refused by name, and the picture stays', async ({ page }) => {
  await visit(page);
  await page.getByTitle('Number of nodes and networks').click();
  const form = page.getByRole('form', { name: 'Cluster size' });
  await form.getByLabel('Service network').fill('10.244.0.0/16');
  await form.getByRole('button', { name: 'Build this cluster' }).click();
  await expect(page.getByRole('alert')).toContainText('10.244.0.0/16 overlaps the Service network 10.244.0.0/16');
  await expect(page.getByRole('button', { name: /^Node node-\d/ })).toHaveCount(3);
  await page.getByRole('alert').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('alert')).toBeHidden();
});
