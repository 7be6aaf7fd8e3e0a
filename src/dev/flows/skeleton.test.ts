import { expect, it } from 'vitest';
import { must } from '../../sim/base/assert.ts';
import { LAB } from '../../sim/drivers/conformance/lab-cluster.ts';
import { NO_PROXY } from '../../sim/drivers/proxy/none/driver.ts';
import { SKELETON } from '../../sim/drivers/skeleton/driver.ts';
import { assemble } from '../../sim/engine/assemble.ts';
import { makeChoices } from '../../sim/engine/choices.ts';
import { runProgram } from '../../sim/engine/run-program.ts';
import { podNs } from '../../sim/kube/cluster.ts';
import { ip } from '../../sim/wire/ip.ts';

it('is a CNI that works as it is copied: pods of one node and of two reach each other', () => {
  const drivers = { cni: SKELETON, cniMode: 'routes', cniOptions: {}, proxy: NO_PROXY, proxyMode: 'none' };
  const namespaces = assemble(LAB, drivers);
  const ping = (ns: string, to: string) =>
    runProgram(namespaces, true, makeChoices(1), { ns, dst: ip(to), proto: 'icmp', port: 0, waitMs: 500 }).result;
  const [from, ...others] = LAB.pods;
  for (const { ip: to } of others) expect(ping(podNs(must(from, 'a pod')), to).outcome).toBe('reply');
});
