import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import { PTP } from './driver.ts';

const node = must(LAB.nodes[0], 'node-1');

describe('ptp on the reference cluster', () => {
  it.each(PTP.modes.map(({ id }) => id))('%s', async (mode) => {
    await expect(planText(PTP.plan(LAB, node, mode, {}))).toMatchFileSnapshot(`golden/node-1-${mode}.txt`);
  });
});
