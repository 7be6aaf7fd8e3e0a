import { describe, expect, it } from 'vitest';
import { must } from '../../../../base/assert.ts';
import type { Cluster, ClusterService } from '../../../../kube/cluster.ts';
import { printChain, printSet, printTable } from '../../../../linux/netfilter/nftables/print.ts';
import { cidr, intToIp, ip, ipToInt } from '../../../../wire/ip.ts';
import { LAB } from '../../../conformance/lab-cluster.ts';
import type { ServicePort } from '../service-port.ts';
import { serviceNames } from './names.ts';
import { NFT_DEFAULTS, type NftOptions } from './options.ts';
import { planNftables } from './plan.ts';
import { syncedTable } from './table.ts';

const node = must(LAB.nodes[0], 'node-1');

function tableOf(options: Partial<NftOptions> = {}, cluster: Cluster = LAB) {
  return must(planNftables(cluster, node, { ...NFT_DEFAULTS, ...options })[0], 'a table');
}

function linesOf(name: string, options: Partial<NftOptions> = {}, cluster?: Cluster): string[] {
  const table = tableOf(options, cluster);
  const chain = table.chains.get(name);
  const set = table.sets.get(name);
  const lines = chain ? printChain('ip', chain) : set ? printSet(set) : [];
  return lines.slice(1, -1).map((line) => line.trim());
}

describe('kube-proxy in nftables mode on the reference cluster', () => {
  it.each(['A', 'B', 'C'] as const)('writes this table on node-1, layout %s', async (layout) => {
    await expect(`${printTable(tableOf({ layout }))}\n`).toMatchFileSnapshot(`golden/node-1-layout-${layout}.txt`);
  });

  it('layout A0 is layout A that does not look after unused ports and addresses', () => {
    const [first, then] = [tableOf({ layout: 'A0' }), tableOf({ layout: 'A' })];
    const gone = (all: ReadonlyMap<string, unknown>, left: ReadonlyMap<string, unknown>): string[] =>
      [...all.keys()].filter((name) => !left.has(name));
    expect(gone(then.sets, first.sets)).toEqual(['cluster-ips']);
    expect(gone(then.chains, first.chains)).toEqual(['filter-output-post-dnat', 'cluster-ips-check']);
    const forwarded = (layout: 'A0' | 'A'): string[] => linesOf('filter-forward', { layout }).slice(1);
    expect(forwarded('A0')).toEqual(forwarded('A').filter((line) => !line.includes('cluster-ips-check')));
    expect(printTable(first)).not.toContain('cluster-ips');
  });

  it('every rule, and every element, says who wrote it', () => {
    const { chains, sets } = tableOf();
    for (const { rules } of chains.values()) for (const { origin } of rules) expect(origin?.by).toBe('kube-proxy');
    for (const { elements } of sets.values())
      for (const { origin } of elements.values()) expect(origin?.by).toBe('kube-proxy');
  });
});

const SOLO = serviceNames({ service: 'default/solo', name: 'default/solo:http', protocol: 'tcp' });
const MARK = 'jump mark-for-masquerade';

describe('options', () => {
  it.each<[string, Partial<NftOptions>, string]>([
    ['the cluster CIDR tells pods', {}, `ip daddr 10.96.0.30 ip saddr != 10.244.0.0/16 ${MARK}`],
    [
      'this node has pods',
      { detectLocal: { mode: 'NodeCIDR' } },
      `ip daddr 10.96.0.30 ip saddr != 10.244.1.0/24 ${MARK}`,
    ],
    [
      'pods come through the bridge',
      { detectLocal: { mode: 'BridgeInterface', bridge: 'cni0' } },
      `ip daddr 10.96.0.30 iifname != "cni0" ${MARK}`,
    ],
    [
      'pods come through these devices',
      { detectLocal: { mode: 'InterfaceNamePrefix', prefix: 'veth' } },
      `ip daddr 10.96.0.30 iifname != "veth*" ${MARK}`,
    ],
    ['whoever calls', { masqueradeAll: true }, `ip daddr 10.96.0.30 ${MARK}`],
    ['layout A names the port', { layout: 'A' }, `ip daddr 10.96.0.30 tcp dport 80 ip saddr != 10.244.0.0/16 ${MARK}`],
  ])('who is masqueraded: %s', (_name, options, text) => {
    expect(linesOf(SOLO.service, options)[0]).toBe(text);
  });

  it('nobody can tell: nobody is masqueraded', () => {
    expect(linesOf(SOLO.service, { detectLocal: { mode: 'None' } })).toHaveLength(1);
    expect(linesOf('services', { layout: 'C', detectLocal: { mode: 'None' } })).toHaveLength(2);
  });

  it('masqueradeBit moves the mark', () => {
    expect(linesOf('mark-for-masquerade', { masqueradeBit: 3 })).toEqual(['meta mark set meta mark | 0x00000008']);
  });

  it('node ports answer on the primary address, on those named, or on all', () => {
    expect(linesOf('nodeport-ips').at(-1)).toBe('elements = { 192.168.56.11 }');
    expect(linesOf('nodeport-ips', { nodePortAddresses: [cidr('127.0.0.0/8')] })).toHaveLength(2);
    const all = { nodePortAddresses: [cidr('0.0.0.0/0')] };
    expect(linesOf('nodeport-ips', all)).toEqual([]);
    expect(linesOf('services', all).at(-1)).toBe(
      'fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports',
    );
    expect(linesOf('nodeport-endpoints-check', all)).toEqual([
      'ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @no-endpoint-nodeports',
    ]);
  });
});

describe('source ranges', () => {
  const model = must(
    LAB.services.find(({ name }) => name === 'solo'),
    'a Service',
  );
  const guarded = (...ranges: string[]): Cluster => ({
    ...LAB,
    services: [
      {
        ...model,
        type: 'LoadBalancer',
        loadBalancerIPs: [ip('203.0.113.80')],
        loadBalancerSourceRanges: ranges.map(cidr),
      },
    ],
  });

  it.each([
    [['198.51.100.0/24'], 'ip saddr != 198.51.100.0/24 drop'],
    [['198.51.101.0/24', '198.51.100.0/24'], 'ip saddr != { 198.51.100.0/23 } drop'],
    [['192.168.56.0/24'], 'ip saddr != { 192.168.56.0/24, 203.0.113.80 } drop'],
  ])('%s', (ranges, text) => {
    expect(linesOf(SOLO.firewall, {}, guarded(...ranges))).toEqual([text]);
  });
});

describe('IPv6', () => {
  const endpoint = (text: string, port: number, local: boolean): ServicePort['endpoints'][number] => ({
    ip: ip(text),
    port,
    text: `[${text}]:${port}`,
    ready: true,
    serving: true,
    terminating: false,
    local,
    zoneHints: [],
  });
  const web: ServicePort = {
    name: 'default/web:http',
    service: 'default/web',
    protocol: 'tcp',
    clusterIP: ip('fd00:10:96::a'),
    port: 80,
    nodePort: 30_080,
    externalIPs: [],
    loadBalancerIPs: [ip('2001:db8::80')],
    sourceRanges: [cidr('2001:db8:1::/48'), cidr('2001:db8::/48')],
    externalPolicyLocal: true,
    internalPolicyLocal: false,
    healthCheckNodePort: null,
    affinitySeconds: 10_800,
    endpoints: [endpoint('fd00:10:244:1::2', 8080, true), endpoint('fd00:10:244:2::2', 8080, false)],
  };
  const empty: ServicePort = {
    ...web,
    name: 'default/empty',
    service: 'default/empty',
    clusterIP: ip('fd00:10:96::b'),
    nodePort: 30_081,
    loadBalancerIPs: [],
    sourceRanges: [],
    endpoints: [],
  };

  it.each(['A', 'B', 'C'] as const)('has a table of its own, layout %s', async (layout) => {
    const view = {
      nodeName: 'node-1',
      family: 6 as const,
      nodeIP: ip('2001:db8::11'),
      localAddresses: [ip('::1'), ip('2001:db8::11')],
      detector: { kind: 'cidr' as const, cidr: cidr('fd00:10:244::/56') },
      serviceCidrs: [cidr('10.96.0.0/12'), cidr('fd00:10:96::/112')],
    };
    const table = syncedTable([[web], [empty]], view, { ...NFT_DEFAULTS, layout });
    await expect(`${printTable(table)}\n`).toMatchFileSnapshot(`golden/ipv6-layout-${layout}.txt`);
  });
});

describe('size', () => {
  const ENDPOINTS = 5;

  function servicesOf(count: number): ClusterService[] {
    const model = must(LAB.services[0], 'a Service');
    const port = must(model.ports[0], 'its port');
    const endpoint = must(port.endpoints[0], 'its endpoint');
    return Array.from({ length: count }, (_, i) => ({
      ...model,
      name: `svc-${i}`,
      clusterIP: intToIp(ipToInt(ip('10.96.0.0')) + i),
      ports: [
        {
          ...port,
          endpoints: Array.from({ length: ENDPOINTS }, (_unused, n) => ({
            ...endpoint,
            ip: intToIp(ipToInt(ip('10.244.0.0')) + i * ENDPOINTS + n),
          })),
        },
      ],
    }));
  }

  it('a Service more is an element of each map and a few chains, and no rule more for any other', () => {
    const table = tableOf({}, { ...LAB, services: servicesOf(1000) });
    expect(table.sets.get('service-ips')?.elements.size).toBe(1000);
    expect(table.chains.get('services')?.rules).toHaveLength(2);
    expect(table.chains.size - tableOf({}, { ...LAB, services: [] }).chains.size).toBe(1000 * (1 + ENDPOINTS));
  });
});
