import { expect, type Page, test } from '@playwright/test';
import { dropFile, inspector, send, share, verdict, visit } from './visit.ts';

const FRONT = `apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
`;

const select = (page: Page, name: RegExp): Promise<void> => page.getByRole('button', { name }).first().press('Enter');

test('a Service waits for its load balancer, gets one, and a client calls it by the address', async ({ page }) => {
  await visit(page);
  await dropFile(page, 'front.yaml', FRONT);
  await select(page, /^Service default\/front/);
  await expect(inspector(page)).toContainText('<pending>');
  const knob = inspector(page).getByLabel('Load balancer');
  await knob.selectOption({ label: 'Cloud: passthrough' });
  await expect(inspector(page)).toContainText(/EXTERNAL-IP192\.0\.2\.\d+/);
  await expect(inspector(page)).toContainText('1 of 3 are out of rotation');

  await send(page, 'client', 'front.default (192.0.2.', 80);
  await expect(verdict(page)).toContainText("it sees the client's own address");
  await select(page, /^balancer, the cloud's load balancer/);
  await expect(inspector(page)).toContainText('HTTP/1.1 503 Service Unavailable');
  await expect(inspector(page)).toContainText('2 of 3 are in rotation');

  const link = await share(page);
  await page.goto('about:blank');
  await page.goto(link);
  await expect(verdict(page)).toContainText("it sees the client's own address");
});

test('without a cloud one node announces the address, and another takes over', async ({ page }) => {
  await visit(page);
  await dropFile(page, 'front.yaml', FRONT.replace('Local', 'Cluster'));
  await select(page, /^Service default\/front/);
  await inspector(page).getByLabel('Load balancer').selectOption({ label: 'MetalLB: layer 2' });
  const announcer = page.getByRole('button', { name: /answers ARP for 192\.168\.56\.\d+/ });
  await expect(announcer).toHaveCount(1);
  const first = (await announcer.getAttribute('aria-label')) ?? '';
  await send(page, 'client', 'front.default (192.168.56.', 80);
  await expect(verdict(page)).toContainText('Arrived');

  await page
    .getByRole('button', { name: new RegExp(`^eth0 on ${first.split(' ')[0]}`) })
    .first()
    .press('Enter');
  await inspector(page)
    .getByRole('button', { name: /Set eth0 down/ })
    .click();
  await expect(announcer).toHaveCount(1);
  await expect(announcer).not.toHaveAccessibleName(first);
  await expect(verdict(page)).toContainText('Arrived');
});
