import { expect, type Page, test } from '@playwright/test';
import { chooseCni, dropFile, inspector, openTab, share, verdict, visit } from './visit.ts';

const clusterKnob = (page: Page) => page.getByTitle('Number of nodes and networks');
const choose = async (page: Page, group: string, option: string): Promise<void> => {
  await clusterKnob(page).click();
  await page
    .getByRole('group', { name: group, exact: true })
    .getByRole('button', { name: option, exact: true })
    .click();
  await page.keyboard.press('Escape');
};
const select = (page: Page, name: RegExp): Promise<void> => page.getByRole('button', { name }).first().press('Enter');

const NEAR = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: near}
spec:
  selector: {app: web}
  trafficDistribution: PreferSameZone
  ports: [{port: 80, targetPort: 8080}]
`;

test('nodes get zones, a Service that prefers its zone says who uses whom, and all of it can be undone', async ({
  page,
}) => {
  await visit(page);
  await dropFile(page, 'near.yaml', NEAR);
  await select(page, /^Service default\/near/);
  await expect(inspector(page)).toContainText('the nodes of its endpoints have no zones');

  await choose(page, 'Zones', '3');
  await expect(page.getByRole('button', { name: /^Node node-2, worker, zone-b/ }).first()).toBeVisible();
  await expect(inspector(page)).toContainText('With trafficDistribution PreferSameZone, connections go from');

  await select(page, /^Node node-2/);
  await inspector(page).getByLabel('Zone').selectOption('zone-a');
  await expect(page.getByRole('button', { name: /^Node node-2, worker, zone-a/ }).first()).toBeVisible();
  const link = await share(page);
  await page.keyboard.press('Control+z');
  await expect(page.getByRole('button', { name: /^Node node-2, worker, zone-b/ }).first()).toBeVisible();

  await page.goto('about:blank');
  await page.goto(link);
  await expect(verdict(page)).toBeVisible();
  await expect(page.getByRole('button', { name: /^Node node-2, worker, zone-a/ }).first()).toBeVisible();
});

test('one click puts a router between two node subnets; host-gw fails across it, and routes on the router mend that', async ({
  page,
}) => {
  await visit(page);
  await choose(page, 'Node subnets', 'Two');
  const router = page.getByRole('button', { name: 'router, between the node subnets, 192.168.56.1, 192.168.57.1' });
  await expect(router).toBeVisible();
  await expect(page.getByRole('button', { name: /^A subnet that nodes stand on, 192\.168\.57\.0\/24/ })).toBeVisible();

  await page.getByRole('combobox', { name: 'To', exact: true }).fill('default/api-');
  const ends = page.getByRole('listbox', { name: 'To', exact: true }).getByRole('option');
  await ends.filter({ hasText: 'node-3' }).first().click();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(verdict(page)).toContainText('Arrived');
  await openTab(page, 'Text');
  const steps = page.getByRole('tabpanel').getByRole('listitem');
  await expect(steps.filter({ hasText: 'by eth0 of router' }).first()).toBeAttached();

  await chooseCni(page, 'Flannel', 'host-gw');
  await expect(verdict(page)).toContainText('the kernel refused ("Nexthop has invalid gateway")');
  const link = await share(page);
  await router.press('Enter');
  await inspector(page).getByRole('button', { name: 'Give it routes to pods' }).click();
  await expect(verdict(page)).toContainText('Arrived');

  await page.goto('about:blank');
  await page.goto(link);
  await expect(verdict(page)).toContainText('the kernel refused');
  await choose(page, 'Node subnets', 'One');
  await expect(verdict(page)).toContainText('Arrived');
  await expect(router).toBeHidden();
  await page.keyboard.press('Control+z');
  await expect(router).toBeVisible();
});
