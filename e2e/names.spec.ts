import { expect, test } from '@playwright/test';
import { dropFile, inspector, openTab, position, verdict, visit } from './visit.ts';

const SHOP = `apiVersion: apps/v1
kind: Deployment
metadata: { name: api, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec: { containers: [{ name: api, image: api, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: api, namespace: shop }
spec: { clusterIP: 10.96.13.7, selector: { app: api }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: toolbox, namespace: default, labels: { app: toolbox } }
spec: { containers: [{ name: toolbox, image: toolbox }] }
`;

test('a name is looked up in packets, then the program sends; tools print what they hear', async ({ page }) => {
  await visit(page);
  await dropFile(page, 'shop.yaml', SHOP);
  await expect(page.getByRole('button', { name: /^Pod shop\/api-/ }).first()).toBeVisible();
  await page.getByRole('combobox', { name: 'From', exact: true }).fill('default/toolbox');
  const field = page.getByRole('textbox', { name: 'As a command' });

  // The search list: two names, A and AAAA of each.
  await field.fill('curl http://api.shop/');
  await field.press('Enter');
  await expect(verdict(page)).toContainText('Service shop/api (10.96.13.7:80)');
  await openTab(page, 'Text');
  await expect(page.getByText('Looks up api.shop: 4 queries, answered 10.96.13.7')).toBeVisible();
  const steps = page.getByRole('tabpanel').getByRole('listitem');
  await expect(steps.filter({ hasText: /ndots:5: api\.shop has 1 dot, fewer than 5/ }).first()).toBeVisible();
  await openTab(page, 'Timeline');
  await position(page).press('Home');
  await expect(inspector(page)).toContainText('nameserver 10.96.0.10');

  // The same name without its namespace.
  await field.fill('curl http://api/');
  await field.press('Enter');
  await expect(verdict(page)).toContainText('curl: (6) Could not resolve host: api');
  await expect(verdict(page)).toContainText('Write api.shop');

  await field.fill('nslookup api.shop');
  await field.press('Enter');
  await verdict(page).getByText('What it prints').click();
  await expect(verdict(page)).toContainText('Name: api.shop.svc.cluster.local');
  await expect(verdict(page)).toContainText('Address: 10.96.13.7');
});
