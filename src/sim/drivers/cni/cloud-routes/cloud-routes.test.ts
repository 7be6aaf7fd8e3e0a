import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { APART, LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import { CLOUD_ROUTES } from './driver.ts';

const node = must(LAB.nodes[0], 'node-1');

describe('cloud routes on the reference cluster', () => {
  it.each(CLOUD_ROUTES.modes.map(({ id }) => id))('%s', async (mode) => {
    await expect(planText(CLOUD_ROUTES.plan(LAB, node, mode, {}))).toMatchFileSnapshot(`golden/node-1-${mode}.txt`);
  });

  it('stand in the table of the network, one for each node, and on no node', () => {
    const table = CLOUD_ROUTES.fabric?.(LAB, 'routes') ?? [];
    expect(table.map(({ dst, via, machine }) => `${dst.text} ${machine} ${via}`)).toEqual([
      '10.244.1.0/24 node-1 192.168.56.11',
      '10.244.2.0/24 node-2 192.168.56.12',
      '10.244.3.0/24 node-3 192.168.56.13',
    ]);
    const routes = CLOUD_ROUTES.plan(LAB, node, 'routes', {}).node.routes ?? [];
    expect(routes.filter(({ via }) => via !== undefined)).toEqual([]);
  });

  it('refuse a router of the nodes beside that of the cloud', () => {
    expect(CLOUD_ROUTES.refuses(APART, 'routes')).toMatch(/node-3 \(192\.168\.57\.13\)/);
    expect(CLOUD_ROUTES.refuses(LAB, 'routes')).toBeNull();
  });
});
