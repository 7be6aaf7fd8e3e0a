/** The order in which kubelet, kube-proxy and Flannel leave the base chains, as `iptables-save` printed it in the recorded lab. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.ts';
import { applyRuleOps } from '../../linux/netfilter/iptables/build.ts';
import { printRuleset } from '../../linux/netfilter/iptables/print.ts';
import { BUILTIN_CHAINS } from '../../linux/netfilter/iptables/rule.ts';
import { kubeletPlan } from '../parts/kubelet.ts';
import { cniById, proxyById } from '../registry.ts';
import { LAB } from './lab-cluster.ts';

const recorded = new URL('../../../../../shared/truth/kernel/state/flannel-iptables/node-1.txt', import.meta.url);

/** `*nat -A POSTROUTING …` for every rule of a built-in chain, in order. */
function baseRules(save: string): string[] {
  const builtin = new Set<string>(Object.values(BUILTIN_CHAINS).flat());
  let table = '';
  return save.split('\n').flatMap((line) => {
    if (line.startsWith('*')) table = line;
    const chain = /^-A (\S+)/.exec(line)?.[1];
    return chain && builtin.has(chain) ? [`${table} ${line}`] : [];
  });
}

describe('base chains of a node', () => {
  it.skipIf(!existsSync(recorded))('are ordered as on the recorded node', () => {
    // Needs the recordings beside the checkout.
    const node = must(LAB.nodes[0], 'node-1');
    const fragments = [
      kubeletPlan(),
      proxyById('kube-proxy').plan(LAB, node, 'iptables'),
      cniById('flannel').plan(LAB, node, 'vxlan', {}),
    ];
    const ruleset = applyRuleOps(fragments.flatMap(({ node: { iptables } }) => iptables ?? []));
    expect(baseRules(printRuleset(ruleset))).toEqual(baseRules(readFileSync(recorded, 'utf8')));
  });
});
