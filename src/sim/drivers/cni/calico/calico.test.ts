import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { printRuleset } from '../../../linux/netfilter/iptables/print.ts';
import { printRoute } from '../../../linux/print/ip-route.ts';
import { cidr, ip } from '../../../wire/ip.ts';
import { inSix, withSix } from '../../conformance/dual-cluster.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import type { Fragment, NodePlan } from '../../contract.ts';
import { CALICO } from './driver.ts';
import { vtepMac } from './vxlan.ts';

/** The reference cluster as Calico's address management would have it: a /26 for each node, the first address for the node. */
const CLUSTER: Cluster = {
  ...LAB,
  nodes: LAB.nodes.map((node, i) => ({
    ...node,
    blocks: [cidr(`10.244.${i + 1}.0/26`)],
    tunnelIp: ip(`10.244.${i + 1}.0`),
  })),
};
const node = (cluster: Cluster, name = 'node-1'): ClusterNode =>
  must(
    cluster.nodes.find((one) => one.name === name),
    name,
  );
/** Without a tunnel no node keeps an address for one. */
const forMode = (mode: string, cluster: Cluster): Cluster =>
  mode === 'bgp' ? { ...cluster, nodes: cluster.nodes.map(({ tunnelIp: _none, ...rest }) => rest) } : cluster;
const plan = (mode: string, base = CLUSTER, name = 'node-1'): NodePlan => {
  const cluster = forMode(mode, base);
  return CALICO.plan(cluster, node(cluster, name), mode, {});
};

const RULES = '### iptables-save';
/** The node's own listing without its rules, and the rules. */
function split(mode: string): { readonly wiring: string; readonly rules: readonly string[] } {
  const [own = '', ...pods] = planText(plan(mode)).split(/(?=^##### )/m);
  const at = own.indexOf(RULES);
  return { wiring: own.slice(0, at) + pods.join(''), rules: own.slice(at).split('\n') };
}

describe('Calico on the reference cluster', () => {
  const modes = CALICO.modes.map(({ id }) => id);

  it.each(modes)('%s: devices, addresses, routes, sets', async (mode) => {
    await expect(split(mode).wiring).toMatchFileSnapshot(`golden/node-1-${mode}.txt`);
  });

  it('rules without an overlay', async () => {
    await expect(`${split('bgp').rules.join('\n')}`).toMatchFileSnapshot('golden/node-1-rules.txt');
  });

  it.each(modes.filter((mode) => mode !== 'bgp'))('%s: what its rules have more and less', async (mode) => {
    const [plain, own] = [split('bgp').rules, split(mode).rules];
    // A rule's hash covers the rules before it: without hashes the difference is what a person would see.
    const bare = (lines: readonly string[]): string[] =>
      lines.map((line) => line.replace(/"cali:[\w-]{16}"/, '"cali:…"'));
    const only = (lines: readonly string[], others: readonly string[], sign: string): string[] =>
      bare(lines)
        .filter((line) => !bare(others).includes(line))
        .map((line) => `${sign} ${line}`);
    const changes = [...only(plain, own, '-'), ...only(own, plain, '+')];
    await expect(`${changes.join('\n')}\n`).toMatchFileSnapshot(`golden/node-1-rules-${mode}.diff`);
  });
});

describe('routes', () => {
  const routes = (mode: string, cluster = CLUSTER, name = 'node-1'): string[] =>
    (plan(mode, cluster, name).node.routes ?? []).map(printRoute);

  it('a node without a block announces nothing and is a blackhole for nothing', () => {
    const cluster = {
      ...CLUSTER,
      nodes: CLUSTER.nodes.map((one) => (one.name === 'node-3' ? { ...one, blocks: [] } : one)),
      pods: CLUSTER.pods.filter((pod) => pod.node !== 'node-3'),
    };
    expect(routes('bgp', cluster).filter((line) => line.includes('10.244.3'))).toEqual([]);
    expect(routes('bgp', cluster, 'node-3').filter((line) => line.includes('blackhole'))).toEqual([]);
  });

  it('a borrowed address has a route of its own, on every node', () => {
    const pods = CLUSTER.pods.map((pod) => (pod.name === 'web-3' ? { ...pod, ip: ip('10.244.1.60') } : pod));
    expect(routes('bgp', { ...CLUSTER, pods })).toContain('10.244.1.60 via 192.168.56.13 dev eth0 proto bird');
    expect(routes('vxlan', { ...CLUSTER, pods }, 'node-2')).toContain(
      '10.244.1.60 via 10.244.3.0 dev vxlan.calico onlink mtu 1450',
    );
  });
});

describe('IPv6', () => {
  const six = (mode: string): NodePlan => {
    const base = withSix(CLUSTER, 'second');
    const blocksOf = ({ blocks = [] }: ClusterNode) => blocks.flatMap((net) => [net, cidr(`${inSix(net.base)}/122`)]);
    const dual = forMode(mode, { ...base, nodes: base.nodes.map((each) => ({ ...each, blocks: blocksOf(each) })) });
    return CALICO.plan(dual, node(dual), mode, {});
  };
  const routesOf = ({ routes = [] }: Fragment): string[] => routes.map(printRoute);

  it('pods have one address more and a gateway that is there', () => {
    const pod = six('bgp').pods?.get('default/web-1') ?? {};
    expect(routesOf(pod)).toEqual([
      'default via 169.254.1.1 dev eth0',
      '169.254.1.1 dev eth0 scope link',
      'default via fe80::ecee:eeff:feee:eeee dev eth0 metric 1024 pref medium',
    ]);
    expect(pod.addresses?.map(({ ip: address, prefix }) => `${address}/${prefix}`)).toContain('fd00:10:244:1::2/128');
  });

  it('VXLAN has a second device, and every pod the smaller MTU', () => {
    const { devices = [], addresses = [] } = six('vxlan').node;
    expect(devices.map(({ name, mtuBytes }) => `${name.replace(/^cali.*/, 'cali')} ${mtuBytes}`)).toEqual([
      'vxlan.calico 1450',
      'cali 1430',
      'cali 1430',
      'vxlan-v6.calico 1430',
    ]);
    expect(addresses.map(({ dev, ip: address, prefix }) => `${dev} ${address}/${prefix}`)).toEqual([
      'vxlan.calico 10.244.1.0/32',
      'vxlan-v6.calico fd00:10:244:1::/128',
    ]);
  });

  it('IP-in-IP is left to IPv4', () => {
    const lines = routesOf(six('ipip').node);
    expect(lines.some((line) => line.startsWith('10.244.') && line.includes('dev tunl0'))).toBe(true);
    expect(lines.filter((line) => line.startsWith('fd00:10:244:2::/122'))).toEqual([
      expect.stringContaining('via fd00:192:168:56::12 dev eth0 proto bird'),
    ]);
  });

  it('Felix has sets and rules of its own for it, and no pool is masqueraded', () => {
    const { ipsets = [], ip6tables = [] } = six('vxlan').node;
    const sets = ipsets.filter((set) => set.family === 6);
    expect(sets.map(({ name, members }) => [name, members.length])).toEqual([
      ['cali60all-ipam-pools', 1],
      ['cali60masq-ipam-pools', 0],
      ['cali60this-host', 3],
      ['cali60dscp-src-net', 0],
      ['cali60all-vxlan-net', 2],
    ]);
    const lines = printRuleset(applyRuleOps(ip6tables), 6).split('\n');
    const of = (chain: string) => lines.filter((line) => line.startsWith(`-A ${chain} `));
    expect(of('cali-nat-outgoing')).toEqual([]);
    expect(of('cali-wl-to-host').filter((line) => line.includes('--icmpv6-type'))).toHaveLength(6);
    expect(lines.filter((line) => line.includes('cali40'))).toEqual([]);
  });
});

describe('what others rely on', () => {
  it.each([
    ['node1', '66:f9:37:c3:7e:94'],
    ['node2', '66:2d:bf:44:a6:8b'],
    ['n3', '66:26:c2:ce:28:d0'],
  ])('the tunnel end of %s has the MAC %s', (name, mac) => {
    expect(vtepMac(name, 4)).toBe(mac);
  });

  it('refuses a pod network smaller than a block', () => {
    expect(CALICO.refuses({ ...LAB, podCIDR: cidr('10.244.0.0/27') }, 'bgp')).toMatch(/blocks of \/26/);
    expect(CALICO.refuses(LAB, 'bgp')).toBeNull();
  });

  it('podMtuBytes changes the pods alone', () => {
    const { devices = [] } = CALICO.plan(CLUSTER, node(CLUSTER), 'vxlan', { podMtuBytes: 1400 }).node;
    expect(devices.map(({ mtuBytes }) => mtuBytes)).toEqual([1450, 1400, 1400]);
  });
});
