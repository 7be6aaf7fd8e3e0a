/** Clusters with IPv6: addresses of each family, and what the API server answers to what cannot be had. */
import { describe, expect, it } from 'vitest';
import { buildCluster } from './build-cluster.ts';
import type { Cluster, ClusterService } from './cluster.ts';
import type { ClusterInput, Ipv6Networks } from './cluster-input.ts';
import { familiesOf, inFamily, ipsOf } from './families.ts';
import type { KubeObject, ServiceObject } from './objects.ts';

const SIX: Omit<Ipv6Networks, 'role'> = {
  podCIDR: 'fd00:10:244::/56',
  nodeMask: 64,
  serviceCIDR: 'fd00:10:96::/112',
  nodeNetwork: 'fd00:192:168:56::/64',
};

const WEB: KubeObject = {
  kind: 'Deployment',
  namespace: 'default',
  name: 'web',
  replicas: 2,
  labels: { app: 'web' },
  containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 8080 }] }],
};

const web = (change: Partial<ServiceObject> = {}): ServiceObject => ({
  kind: 'Service',
  namespace: 'default',
  name: 'web',
  selector: { app: 'web' },
  ports: [{ port: 80, targetPort: 8080 }],
  ...change,
});

function input(
  role: Ipv6Networks['role'] | null,
  objects: readonly KubeObject[],
  change: Partial<ClusterInput> = {},
): ClusterInput {
  return {
    nodes: 2,
    podCIDR: '10.244.0.0/16',
    nodeMask: 24,
    serviceCIDR: '10.96.0.0/12',
    nodeNetwork: '192.168.56.0/24',
    ...(role && { ipv6: { role, ...SIX } }),
    mtuBytes: 1500,
    objects,
    deletedPods: [],
    stoppedListeners: [],
    ...change,
  };
}

function built(...given: Parameters<typeof input>): Cluster {
  const result = buildCluster(input(...given));
  if (!result.ok) throw new Error(result.error.map(({ text }) => text).join('\n'));
  return result.value.cluster;
}

const problems = (...given: Parameters<typeof input>): readonly string[] => {
  const result = buildCluster(input(...given));
  return result.ok ? [] : result.error.map(({ text }) => text);
};

const served = ({ services }: Cluster): ClusterService => services.find(({ name }) => name === 'web')!;
const endpoints = (of: ClusterService): readonly string[] => of.ports[0]!.endpoints.map(({ ip }) => ip);

describe('machines and pods', () => {
  it('have an address of each family, the first family first', () => {
    const cluster = built('second', [WEB]);
    expect(familiesOf(cluster)).toEqual([4, 6]);
    expect(cluster.nodes.map(({ ip, ips }) => [ip, ips])).toEqual([
      ['192.168.56.11', ['192.168.56.11', 'fd00:192:168:56::11']],
      ['192.168.56.12', ['192.168.56.12', 'fd00:192:168:56::12']],
    ]);
    expect(cluster.nodes.map(({ podCIDRs }) => podCIDRs?.map(({ text }) => text))).toEqual([
      ['10.244.0.0/24', 'fd00:10:244::/64'],
      ['10.244.1.0/24', 'fd00:10:244:1::/64'],
    ]);
    expect(cluster.pods.map(ipsOf)).toEqual([
      ['10.244.1.2', 'fd00:10:244:1::2'],
      ['10.244.0.2', 'fd00:10:244::2'],
    ]);
    expect(cluster.externals.map(({ ips, lo }) => [ips, lo])).toEqual([
      [
        ['192.168.56.1', 'fd00:192:168:56::1'],
        ['203.0.113.10', '2001:db8:203:113::10', '203.0.113.53', '2001:db8:203:113::53'],
      ],
      [['192.168.56.100', 'fd00:192:168:56::100'], []],
    ]);
  });

  it('are turned around where IPv6 comes first', () => {
    const { nodes, pods, podCIDR, serviceCIDR } = built('first', [WEB]);
    expect([podCIDR.text, serviceCIDR.text]).toEqual(['fd00:10:244::/56', 'fd00:10:96::/112']);
    expect(nodes[0]!.ips).toEqual(['fd00:192:168:56::11', '192.168.56.11']);
    expect(pods[0]!.ips).toEqual(['fd00:10:244:1::2', '10.244.1.2']);
  });

  it('have nothing but IPv6 where there is nothing else', () => {
    const cluster = built('only', [WEB]);
    expect(JSON.stringify(cluster)).not.toMatch(/192\.168|10\.244|10\.96/);
    expect(cluster.pods.map(({ ip, ips }) => [ip, ips])).toEqual([
      ['fd00:10:244:1::2', undefined],
      ['fd00:10:244::2', undefined],
    ]);
  });

  it('say nothing of families where IPv4 is alone', () => {
    const text = JSON.stringify(built(null, [WEB, web()]));
    expect(text).not.toMatch(/"ips"|CIDRs|clusterIPs|ipFamilies|second/);
  });

  it('wait without any address where one family has none left', () => {
    const small = { role: 'second' as const, ...SIX, podCIDR: 'fd00:10:244::/125', nodeMask: 126 };
    const result = buildCluster(input(null, [{ ...WEB, replicas: 5 } as KubeObject], { nodes: 1, ipv6: small }));
    if (!result.ok) throw new Error('not built');
    expect(result.value.cluster.pods.map(ipsOf)).toEqual([
      ['10.244.0.2', 'fd00:10:244::2'],
      ['10.244.0.3', 'fd00:10:244::3'],
    ]);
    expect(result.value.cluster.waiting?.[0]?.error).toBe(
      'failed to allocate for range 1: no IP addresses available in range set: fd00:10:244::1-fd00:10:244::3',
    );
  });
});

describe('a view in one family', () => {
  it('has that family everywhere, and no plural', () => {
    const cluster = built('second', [WEB, web({ ipFamilyPolicy: 'RequireDualStack' })]);
    const { services: _, ...view } = inFamily(cluster, 6);
    expect(JSON.stringify(view)).not.toMatch(/192\.168|10\.244|203\.0|CIDRs|"ips"/);
    expect(inFamily(cluster, 6)).toBe(inFamily(cluster, 6));
  });

  it('is the cluster itself where there is no other', () => {
    const cluster = built('only', [WEB]);
    expect(inFamily(cluster, 6)).toBe(cluster);
  });
});

describe('a Service', () => {
  it.each<[string, Ipv6Networks['role'] | null, Partial<ServiceObject>, readonly string[] | undefined, number]>([
    ['of one family by default', 'second', {}, ['IPv4'], 1],
    ['of the first family by default', 'first', {}, ['IPv6'], 1],
    ['that prefers two, in a cluster of two', 'second', { ipFamilyPolicy: 'PreferDualStack' }, ['IPv4', 'IPv6'], 2],
    ['that prefers two, in a cluster of one', null, { ipFamilyPolicy: 'PreferDualStack' }, undefined, 1],
    [
      'that prefers two, beginning with IPv6',
      'second',
      { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] },
      ['IPv6', 'IPv4'],
      2,
    ],
    ['that needs two', 'second', { ipFamilyPolicy: 'RequireDualStack' }, ['IPv4', 'IPv6'], 2],
    ['of IPv6 alone', 'second', { ipFamilies: ['IPv6'] }, ['IPv6'], 1],
    ['whose address tells its family', 'second', { clusterIP: 'fd00:10:96::99' }, ['IPv6'], 1],
    [
      'without an address and of two families',
      'second',
      { clusterIP: 'None', ipFamilyPolicy: 'PreferDualStack' },
      ['IPv4', 'IPv6'],
      0,
    ],
    [
      'without an address or a selector, whatever the cluster has',
      'only',
      { clusterIP: 'None', selector: {} },
      ['IPv6', 'IPv4'],
      0,
    ],
  ])('%s', (_name, role, change, families, addresses) => {
    const service = served(built(role, [WEB, web(change)]));
    expect(service.ipFamilies).toEqual(families);
    const ips = service.clusterIPs ?? (service.clusterIP === 'None' ? [] : [service.clusterIP]);
    expect(ips.map((ip) => (ip?.includes(':') ? 'IPv6' : 'IPv4'))).toEqual((families ?? ['IPv4']).slice(0, addresses));
  });

  it('has endpoints of each of its families, in the order of its families', () => {
    const both = served(
      built('second', [WEB, web({ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] })]),
    );
    expect(endpoints(both)).toEqual(['fd00:10:244:1::2', 'fd00:10:244::2', '10.244.0.2', '10.244.1.2']);
    expect(endpoints(served(built('second', [WEB, web()])))).toEqual(['10.244.0.2', '10.244.1.2']);
  });

  it('keeps the addresses that were asked for', () => {
    const clusterIPs = ['10.96.0.77', 'fd00:10:96::77'];
    const asked = web({ clusterIP: '10.96.0.77', clusterIPs, ipFamilyPolicy: 'PreferDualStack' });
    expect(served(built('second', [WEB, asked])).clusterIPs).toEqual(clusterIPs);
  });

  it('keeps the health check port that was asked for', () => {
    const asked = web({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_234 });
    expect(served(built(null, [WEB, asked])).healthCheckNodePort).toBe(31_234);
  });

  it('of the API server is of the first family', () => {
    const [kubernetes] = built('first', []).services;
    expect(kubernetes).toMatchObject({ clusterIP: 'fd00:10:96::1', ipFamilies: ['IPv6'] });
    expect(kubernetes!.clusterIPs).toBeUndefined();
    expect(kubernetes!.ports[0]!.endpoints[0]!.ip).toBe('fd00:192:168:56::11');
  });

  it.each<[string, Ipv6Networks['role'] | null, Partial<ServiceObject>, readonly string[]]>([
    [
      'that needs two families in a cluster of one',
      null,
      { ipFamilyPolicy: 'RequireDualStack' },
      [
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
      ],
    ],
    [
      'of a family that the cluster does not have',
      null,
      { ipFamilies: ['IPv6'] },
      ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    ],
    [
      'of two families in a cluster of IPv6',
      'only',
      { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] },
      [
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
        'spec.ipFamilies[1]: Invalid value: "IPv4": not configured on this cluster',
      ],
    ],
    [
      'with two addresses, by default of one family',
      'second',
      { clusterIP: '10.96.0.77', clusterIPs: ['10.96.0.77', 'fd00:10:96::77'] },
      [
        `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified`,
      ],
    ],
    [
      'with two families, by default of one',
      'second',
      { ipFamilies: ['IPv4', 'IPv6'] },
      [
        `spec.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified`,
      ],
    ],
    [
      'with an address of a family that the cluster does not have',
      'only',
      { clusterIP: '10.96.0.77' },
      ['spec.clusterIPs[0]: Invalid value: []string{"10.96.0.77"}: IPv4 is not configured on this cluster'],
    ],
    [
      'with an address outside the range of its family',
      'second',
      { clusterIP: 'fd00:10:97::77', ipFamilyPolicy: 'PreferDualStack' },
      [
        'spec.clusterIPs: Invalid value: []string{"fd00:10:97::77", ""}: failed to allocate IP fd00:10:97::77: the provided IP (fd00:10:97::77) is not in the valid range. The range of valid IPs is fd00:10:96::/112',
      ],
    ],
    [
      'with a health check port that another has',
      null,
      {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80, nodePort: 30_080 }],
        healthCheckNodePort: 30_080,
      },
      ['failed to allocate requested HealthCheck NodePort 30080: provided port is already allocated'],
    ],
  ])('%s is refused', (_name, role, change, texts) => {
    expect(problems(role, [WEB, web(change)])).toEqual(texts);
  });
});

describe('networks of IPv6 that do not fit', () => {
  const with6 = (change: Partial<Ipv6Networks>): readonly string[] =>
    problems(null, [], { ipv6: { role: 'second', ...SIX, ...change } });
  it.each<[string, Partial<Ipv6Networks>, string]>([
    ['another family', { podCIDR: '10.0.0.0/8' }, 'ipv6.podCIDR: 10.0.0.0/8 is IPv4, and IPv6 belongs there'],
    ['a mask too far', { nodeMask: 80 }, 'ipv6.nodeMask: 80: must be between 56 and 72 for fd00:10:244::/56'],
    [
      'too many Service addresses',
      { serviceCIDR: 'fd00:10:96::/64' },
      'ipv6.serviceCIDR: fd00:10:96::/64: the mask must be between 108 and 125',
    ],
    [
      'one network twice',
      { serviceCIDR: 'fd00:10:244::/112' },
      'The pod network fd00:10:244::/56 overlaps the Service network fd00:10:244::/112',
    ],
    [
      'too small for its machines',
      { nodeNetwork: 'fd00:192:168:56::/120' },
      'ipv6.nodeNetwork: fd00:192:168:56::/120 is too small: gateway at ::1, nodes from ::11 and the client at ::100 need a /112 or larger',
    ],
  ])('%s', (_name, change, text) => {
    expect(with6(change)).toEqual([text]);
  });
});
