import { expect, type Page, test } from '@playwright/test';
import { chooseCni, inspector, openTab, pause, position, send, verdict, visit } from './visit.ts';

const cluster = (page: Page) => page.getByRole('region', { name: 'Cluster' });

async function choose(page: Page, cni: string, proxy: string): Promise<void> {
  await chooseCni(page, 'Cilium', cni);
  await cluster(page)
    .getByLabel(/^Proxy/)
    .selectOption(proxy);
  await pause(page);
}

test('programs in place of kube-proxy: the call is translated, maps are walked, the flow log has its lines', async ({
  page,
}) => {
  await visit(page);

  // Beside a kube-proxy that has nothing to do there is a note.
  await choose(page, 'VXLAN, no kube-proxy', 'kube-proxy/iptables');
  await page.getByText(/^\d+ notes?$/).click();
  await expect(page.getByText(/Cilium replaces it in this mode/)).toBeVisible();
  await page.keyboard.press('Escape');

  await choose(page, 'native routing, all in eBPF', 'none/none');
  await expect(verdict(page)).toContainText(/Connected: web-\S+ on node-\d answered/);
  // By address: nothing is looked up first.
  await send(page, 'default/toolbox', 'web.default (10.', 80);

  // The socket call comes before any packet, and the log tells it twice.
  await page.getByLabel('Stop at').selectOption('steps');
  await position(page).press('Home');
  const title = inspector(page).getByRole('heading', { level: 2 });
  for (let i = 0; i < 12 && !/^connect: /.test((await title.first().textContent()) ?? ''); i++)
    await page.keyboard.press('ArrowRight');
  await expect(title.first()).toHaveText(/^connect: \S+:80 becomes 10\.244\.\d+\.\d+:8080$/);
  await expect(inspector(page).getByText(/post-xlate-fwd TRANSLATED \(TCP\)$/)).toBeVisible();

  // Under each program what it looked up.
  await openTab(page, 'Rules');
  await expect(page.getByText(/cilium_lb4_services_v2: \S+:80\/TCP \(0\)/)).toBeVisible();
});
