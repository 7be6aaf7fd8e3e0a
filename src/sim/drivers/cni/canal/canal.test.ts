import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { printRuleset } from '../../../linux/netfilter/iptables/print.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import { CANAL } from './driver.ts';

const node = must(LAB.nodes[0], 'node-1');
const plan = CANAL.plan(LAB, node, 'vxlan', {});
const rules = printRuleset(applyRuleOps(plan.node.iptables ?? [])).split('\n');

describe('Canal on the reference cluster', () => {
  it('wires pods as Calico does and nodes as Flannel does', async () => {
    const { iptables: _, ...wiring } = plan.node;
    await expect(planText({ ...plan, node: wiring })).toMatchFileSnapshot('golden/node-1-vxlan.txt');
  });

  it('has the rules of both, in the order in which they are asked', async () => {
    const builtin = rules.filter((line) => /^(\*|-A (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) )/.test(line));
    await expect(`${builtin.join('\n')}\n`).toMatchFileSnapshot('golden/node-1-rules.txt');
  });

  it('lets no VXLAN or IPIP of Calico in: it has none', () => {
    expect(rules.filter((line) => /^-A cali-INPUT .*(4789|ipencap)/.test(line))).toEqual([]);
  });
});
