import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { cidr } from '../../../wire/ip.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import { WEAVE } from './driver.ts';
import { weaveIpam } from './ipam.ts';

const node = must(LAB.nodes[0], 'node-1');

describe('Weave Net on the reference cluster', () => {
  it.each(WEAVE.modes.map(({ id }) => id))('%s', async (mode) => {
    await expect(planText(WEAVE.plan(LAB, node, mode, {}))).toMatchFileSnapshot(`golden/node-1-${mode}.txt`);
  });
});

describe('the ring', () => {
  const nodes = (count: number) => LAB.nodes.slice(0, count).map(({ name, podCIDR }) => ({ name, podCIDR }));
  const ring = (count: number) => weaveIpam({ podCIDR: cidr('10.32.0.0/12'), nodes: nodes(count) });

  it('is shared by halves: who joins takes the upper one of the largest share', () => {
    const { holdings } = ring(3);
    expect(nodes(3).map(({ name }) => holdings(name).blocks?.[0]?.text)).toEqual([
      '10.32.0.0/14',
      '10.40.0.0/13',
      '10.36.0.0/14',
    ]);
  });

  it('gives each bridge the lowest address, which for all but the first peer ends in .0', () => {
    const { holdings } = ring(3);
    expect(nodes(3).map(({ name }) => holdings(name).tunnelIp)).toEqual(['10.32.0.1', '10.40.0.0', '10.36.0.0']);
  });

  it('counts up from the bridge, and gives a released address again at once', () => {
    const ipam = ring(2);
    const first = must(ipam.take('node-2'), 'an address');
    expect([first, ipam.take('node-2')]).toEqual(['10.40.0.1', '10.40.0.2']);
    ipam.release('node-2', first);
    expect(ipam.take('node-2')).toBe('10.40.0.1');
  });

  it('leaves nobody out while there is an address anywhere', () => {
    const ipam = weaveIpam({ podCIDR: cidr('10.32.0.0/29'), nodes: nodes(2) });
    const taken = Array.from({ length: 5 }, () => ipam.take('node-1'));
    expect(taken).toEqual(['10.32.0.2', '10.32.0.3', '10.32.0.5', '10.32.0.6', null]);
  });
});
