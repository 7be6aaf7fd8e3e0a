/** Felix's rules against what its own program writes: names and hashes are vectors of v3.31, the listing is that of a node. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { ClusterPolicy } from '../../../kube/cluster-policy.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { printRule, printRuleset } from '../../../linux/netfilter/iptables/print.ts';
import { ip } from '../../../wire/ip.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { hostVeth } from '../calico-plugin.ts';
import type { FelixConfig } from './config.ts';
import { dispatchOps } from './dispatch.ts';
import { profileChain } from './endpoint.ts';
import { felixRules } from './felix.ts';
import { policyChain } from './tiers.ts';

const REFERENCE = new URL('../../../../../../shared/reference/cni.md', import.meta.url);
const SELECTOR = 'app == "api"';

const fromApi = { kind: 'pods', selector: SELECTOR, ips: [ip('10.244.1.9')] } as const;
const allowWeb: ClusterPolicy = {
  kind: 'NetworkPolicy',
  namespace: 'default',
  name: 'allow-web',
  pods: ['default/web-0'],
  ingress: [{ peers: [fromApi], ports: [{ protocol: 'tcp', from: 80 }] }],
};

const pods = ['web-0', 'web-1'].map((name, i) => ({
  ...must(LAB.pods[0], 'a pod'),
  name,
  ip: ip(`10.244.1.${i + 1}`),
}));
const cluster: Cluster = { ...LAB, pods, policies: [allowWeb] };
const config: FelixConfig = {
  pools: [LAB.podCIDR],
  masqPools: [LAB.podCIDR],
  hostIp: ip('192.168.56.11'),
  peers: [ip('192.168.56.12')],
  ipip: { on: false },
  vxlan: { on: true, device: 'vxlan.calico' },
  besideIpvs: false,
};

const linesOf = (ops: Parameters<typeof applyRuleOps>[0]): string[] => printRuleset(applyRuleOps(ops)).split('\n');

/** The rules of `chain`, without their hashes. */
function rulesOf(ops: Parameters<typeof applyRuleOps>[0], chain: string): string[] {
  const rules = applyRuleOps(ops).get('filter')?.chains.get(chain)?.rules ?? [];
  return rules.map((rule) => printRule(chain, rule).replace(/ -m comment --comment "cali:[\w-]{16}"/, ''));
}

describe('names', () => {
  it.each([
    ['default', 'web-0', 'cali0d7763386da'],
    ['default', 'web-1', 'cali0761ccbeace'],
    ['default', 'db-0', 'cali9ae1fe16e6f'],
    ['kube-system', 'coredns-5d78c9869d-abcde', 'cali4d5f75c480c'],
  ])('the veth of %s/%s is %s', (namespace, name, dev) => {
    expect(hostVeth({ ...must(pods[0], 'a pod'), namespace, name })).toBe(dev);
  });

  it('are hashed where a chain name would be too long', () => {
    expect(policyChain('ingress', allowWeb)).toBe('cali-pi-_Vm_1cJRadOrYgBn0juc');
    expect(profileChain('ingress', 'kns.default')).toBe('cali-pri-kns.default');
    expect(profileChain('ingress', 'ksa.kube-system.coredns')).toBe('cali-pri-_u2Tn2rSoAPffvE7JO6');
  });
});

describe('the listing of a node', () => {
  const ours = linesOf(felixRules(cluster, pods, hostVeth, config)).filter((line) => line.startsWith('-A'));

  it.each([
    ['-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD'],
    ['-A POSTROUTING -m comment --comment "cali:0i8pjzKKPyA34aQD" -j cali-POSTROUTING'],
    ['-A FORWARD -m comment --comment "cali:mp77cMpurHhyjLrM" -j MARK --set-xmark 0x10000/0x10000'],
    [
      '-A cali-nat-outgoing -m comment --comment "cali:flqWnvo8yq4ULQLa" -m set --match-set cali40masq-ipam-pools src -m set ! --match-set cali40all-ipam-pools dst -j MASQUERADE --random-fully',
    ],
  ])('has %s', (line) => {
    expect(ours).toContain(line);
  });

  // Needs the reference texts beside the checkout.
  it.skipIf(!existsSync(REFERENCE))('is that of the reference, rule for rule and hash for hash', () => {
    const text = readFileSync(REFERENCE, 'utf8');
    const appendix = text.slice(text.indexOf('## Appendix A'), text.indexOf('## Appendix B'));
    const theirs = appendix.split('\n').filter((line) => line.startsWith('-A'));
    // The reference names the set of a selector by a word of its own.
    const isOfSet = (line: string): boolean => line.startsWith('-A cali-pi-');
    expect(ours.filter((line) => !theirs.includes(line) && !isOfSet(line))).toEqual([]);
    // Felix programs no chain that nothing jumps to: failsafe ports wait for host endpoints, this mark for WireGuard.
    const isIdle = (line: string): boolean => /^-A cali-(failsafe-(in|out)|wireguard-incoming-mark) /.test(line);
    expect(theirs.filter((line) => !ours.includes(line) && !isOfSet(line) && !isIdle(line))).toEqual([]);
  });
});

describe('dispatch', () => {
  it('names that share the next letter get a chain of their own', () => {
    const ops = dispatchOps(['cali0aa', 'cali0bb', 'cali1cc'].map((dev) => ({ dev, ref: `Pod default/${dev}` })));
    expect(rulesOf(ops, 'cali-from-wl-dispatch')).toEqual([
      '-A cali-from-wl-dispatch -i cali0+ -g cali-from-wl-dispatch-0',
      '-A cali-from-wl-dispatch -i cali1cc -g cali-fw-cali1cc',
      '-A cali-from-wl-dispatch -m comment --comment "Unknown interface" -j DROP',
    ]);
    expect(rulesOf(ops, 'cali-from-wl-dispatch-0')).toEqual([
      '-A cali-from-wl-dispatch-0 -i cali0aa -g cali-fw-cali0aa',
      '-A cali-from-wl-dispatch-0 -i cali0bb -g cali-fw-cali0bb',
      '-A cali-from-wl-dispatch-0 -m comment --comment "Unknown interface" -j DROP',
    ]);
  });

  it('a node without pods lets nothing through', () => {
    expect(rulesOf(dispatchOps([]), 'cali-to-wl-dispatch')).toEqual([
      '-A cali-to-wl-dispatch -m comment --comment "Unknown interface" -j DROP',
    ]);
  });
});
