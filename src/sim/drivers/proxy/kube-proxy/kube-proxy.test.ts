import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { Cluster, ClusterService } from '../../../kube/cluster.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { printRuleset } from '../../../linux/netfilter/iptables/print.ts';
import { cidr, intToIp, ip, ipToInt } from '../../../wire/ip.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import { hashName } from './chain-names.ts';
import { planIptables } from './driver.ts';
import { chance } from './endpoint-rules.ts';
import { PROXY_DEFAULTS, type ProxyOptions } from './options.ts';

const node = must(LAB.nodes[0], 'node-1');
const plan = (options: Partial<ProxyOptions> = {}, cluster: Cluster = LAB) =>
  planIptables(cluster, node, { ...PROXY_DEFAULTS, ...options });
const linesOf = (options: Partial<ProxyOptions>, cluster?: Cluster): string[] =>
  printRuleset(applyRuleOps(plan(options, cluster).node.iptables ?? [])).split('\n');

describe('kube-proxy on the reference cluster', () => {
  it('writes these rules on node-1', async () => {
    await expect(planText(plan())).toMatchFileSnapshot('golden/node-1-iptables.txt');
  });
});

describe('hashName', () => {
  it.each([
    ['default/kubernetes:httpstcp', 'NPX46M4PTMTKRN6Y'],
    ['kube-system/kube-dns:dnsudp', 'TCOU7JCQXEZGVUNU'],
    ['default/nginxtcp', '2CMXP7HKUVJN7L6M'],
    ['ns1/svc1:p80tcp10.180.0.1:80', 'SXIVWICOYRO3J4NJ'],
  ])('%s', (text, hash) => {
    expect(hashName(text)).toBe(hash);
  });
});

describe('chance', () => {
  // What a real iptables-save printed for the text that kube-proxy sends.
  it.each([
    [2, '0.50000000000'],
    [3, '0.33333333349'],
    [5, '0.20000000019'],
    [6, '0.16666666651'],
    [7, '0.14285714272'],
    [9, '0.11111111101'],
    [10, '0.10000000009'],
  ])('1 of %i', (n, text) => {
    expect(chance(n).toFixed(11)).toBe(text);
  });
});

describe('options', () => {
  const masquerade = (lines: readonly string[]): string | undefined =>
    lines.find((line) => line.startsWith('-A KUBE-SVC-NPX46M4PTMTKRN6Y') && line.includes('KUBE-MARK-MASQ'));

  it.each<[string, Partial<ProxyOptions>, string | undefined]>([
    ['by default the cluster CIDR tells pods', {}, '! -s 10.244.0.0/16 -d 10.96.0.1/32'],
    ['NodeCIDR: only this node has pods', { detectLocal: { mode: 'NodeCIDR' } }, '! -s 10.244.1.0/24 -d 10.96.0.1/32'],
    [
      'BridgeInterface: pods come through the bridge',
      { detectLocal: { mode: 'BridgeInterface', bridge: 'cni0' } },
      '-d 10.96.0.1/32 ! -i cni0',
    ],
    [
      'InterfaceNamePrefix: pods come through these devices',
      { detectLocal: { mode: 'InterfaceNamePrefix', prefix: 'veth' } },
      '-d 10.96.0.1/32 ! -i veth+',
    ],
    ['masqueradeAll: whoever calls', { masqueradeAll: true }, 'KUBE-SVC-NPX46M4PTMTKRN6Y -d 10.96.0.1/32'],
    ['nobody can tell: nobody is masqueraded', { detectLocal: { mode: 'None' } }, undefined],
  ])('%s', (_name, options, text) => {
    const line = masquerade(linesOf(options));
    if (text === undefined) expect(line).toBeUndefined();
    else expect(line).toContain(text);
  });

  it('masqueradeBit moves the mark', () => {
    const lines = linesOf({ masqueradeBit: 31 });
    expect(lines).toContain('-A KUBE-MARK-MASQ -j MARK --set-xmark 0x80000000/0x80000000');
    expect(lines).toContain('-A KUBE-POSTROUTING -j MARK --set-xmark 0x80000000/0x0');
  });

  it('nodePortAddresses names the addresses that serve node ports', () => {
    const jumps = (nets: readonly string[], more: Partial<ProxyOptions> = {}): string[] =>
      linesOf({ nodePortAddresses: nets.map(cidr), ...more }).filter(
        (line) => line.endsWith('-j KUBE-NODEPORTS') && line.includes('-A KUBE-SERVICES'),
      );
    expect(jumps(['192.168.56.0/24'])).toHaveLength(1);
    expect(jumps(['192.168.56.0/24'])[0]).toContain('-d 192.168.56.11/32');
    expect(jumps(['127.0.0.0/8'], { localhostNodePorts: false })).toEqual([]);
    expect(jumps(['0.0.0.0/0'])[0]).toContain('--dst-type LOCAL');
  });

  it('route_localnet is set only when node ports answer on loopback', () => {
    expect(plan().node.sysctl).toEqual({ 'ipv4.conf.all.route_localnet': 1 });
    expect(plan({ localhostNodePorts: false }).node.sysctl).toBeUndefined();
    expect(plan({ nodePortAddresses: [cidr('192.168.0.0/16')] }).node.sysctl).toBeUndefined();
  });

  it('a liberal conntrack needs no rule against INVALID', () => {
    expect(linesOf({ conntrackTcpBeLiberal: true }).join()).not.toContain('INVALID');
  });

  it('nfacct counts invalid packets, and who comes by a node port of loopback', () => {
    const counted = (more: Partial<ProxyOptions>) => linesOf(more).filter((line) => line.includes('-m nfacct'));
    expect(counted({})).toEqual([]);
    expect(counted({ nfacct: true })[0]).toBe(
      '-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP',
    );
    const loopback = counted({ nfacct: true }).slice(1);
    expect(loopback.length).toBeGreaterThan(0);
    for (const line of loopback) {
      expect(line).toMatch(
        /^-A KUBE-NODEPORTS -d 127\.0\.0\.0\/8 -p \S+ -m comment --comment "?\S+"? -m \S+ --dport \d+ -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-/,
      );
      const plain = line.replace(' -d 127.0.0.0/8', '').replace(/ -m nfacct --nfacct-name \S+/, '');
      const lines = linesOf({ nfacct: true });
      expect(lines[lines.indexOf(line) + 1]).toBe(plain);
    }
    expect(counted({ nfacct: true, localhostNodePorts: false })).toHaveLength(1);
  });
});

describe('SCTP', () => {
  it('prints under its own protocol', () => {
    const services = LAB.services.slice(0, 1).map((service) => ({
      ...service,
      ports: service.ports.map((port) => ({ ...port, protocol: 'SCTP' as const })),
    }));
    const lines = linesOf({}, { ...LAB, services }).filter((line) => line.startsWith('-A KUBE-SERVICES -d'));
    expect(lines[0]).toContain(
      '-p sctp -m comment --comment "default/kubernetes:https cluster IP" -m sctp --dport 443',
    );
  });
});

describe('size', () => {
  function servicesOf(count: number): ClusterService[] {
    const model = must(LAB.services[0], 'a Service');
    const port = must(model.ports[0], 'its port');
    const endpoint = must(port.endpoints[0], 'its endpoint');
    return Array.from({ length: count }, (_, i) => ({
      ...model,
      name: `svc-${i}`,
      clusterIP: intToIp(ipToInt(ip('10.96.0.0')) + i),
      ports: [{ ...port, endpoints: [{ ...endpoint, ip: intToIp(ipToInt(ip('10.244.0.0')) + i) }] }],
    }));
  }

  it('10,000 Services with one endpoint each are planned in one go', () => {
    const cluster = { ...LAB, services: servicesOf(10_000) };
    const nat = must(applyRuleOps(plan({}, cluster).node.iptables ?? []).get('nat'), 'nat');
    // Each: two chains, a jump, a masquerade, a choice, a hairpin and a DNAT rule.
    expect(nat.chains.size).toBeGreaterThan(2 * 10_000);
    expect([...nat.chains.values()].flatMap(({ rules }) => rules).length).toBeGreaterThan(5 * 10_000);
  });
});
