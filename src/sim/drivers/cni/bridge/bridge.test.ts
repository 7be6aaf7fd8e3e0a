import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import { ipMasqChain } from '../../parts/ip-masq.ts';
import { BRIDGE } from './driver.ts';

const node = must(LAB.nodes[0], 'node-1');

describe('the bridge plugin on the reference cluster', () => {
  it.each(BRIDGE.modes.map(({ id }) => id))('%s', async (mode) => {
    await expect(planText(BRIDGE.plan(LAB, node, mode, {}))).toMatchFileSnapshot(`golden/node-1-${mode}.txt`);
  });
});

describe('the chain of a pod', () => {
  const rows: [network: string, id: string, chain: string, why: string][] = [
    ['cbr0', '0123456789abcdef'.repeat(4), 'CNI-65299167c7285b471ffb1c3c', 'a vector of pkg/utils'],
    ['bridge', '1'.padStart(64, '0'), 'CNI-f26ba17ee138308116d3cdaa', 'as the plugin v1.1.1 named it'],
    ['bridge', '2'.padStart(64, '0'), 'CNI-3a1ffa9d524561a31d719c9f', 'another pod, another chain'],
  ];
  it.each(rows)('in network %s of %s is %s (%s)', (network, id, chain) => {
    expect(ipMasqChain(network, id)).toBe(chain);
  });
});
