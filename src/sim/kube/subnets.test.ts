import { describe, expect, it } from 'vitest';
import { cidr, ip } from '../wire/ip.ts';
import { buildCluster } from './build-cluster.ts';
import type { ClusterInput } from './cluster-input.ts';
import { farSubnetOf, shareSubnet, subnetOf, subnetsOf } from './subnets.ts';

const base: ClusterInput = {
  nodes: 3,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  farSubnet: { cidr: '192.168.57.0/24', fromNode: 3 },
  mtuBytes: 1500,
  objects: [],
  deletedPods: [],
  stoppedListeners: [],
};

function built(change: Partial<ClusterInput> = {}) {
  const result = buildCluster({ ...base, ...change });
  if (!result.ok) throw new Error(result.error.map(({ text }) => text).join('\n'));
  return result.value.cluster;
}

const problems = (change: Partial<ClusterInput>): readonly string[] => {
  const result = buildCluster({ ...base, ...change });
  return result.ok ? [] : result.error.map(({ text }) => text);
};

const { farSubnet: _, ...alone } = base;

describe('two node subnets', () => {
  const cluster = built();

  it('have a router between them that is the gateway of both', () => {
    expect(subnetsOf(cluster).map(({ cidr: range, gateway }) => [range.text, gateway])).toEqual([
      ['192.168.56.0/24', '192.168.56.1'],
      ['192.168.57.0/24', '192.168.57.1'],
    ]);
    expect(cluster.router?.uplink).toEqual({ cidr: cidr('198.51.100.0/30'), ip: ip('198.51.100.2') });
    expect(cluster.externals.map(({ name, ip: address }) => [name, address])).toEqual([
      ['internet', '198.51.100.1'],
      ['client', '192.168.56.100'],
      ['router', '192.168.56.1'],
    ]);
    expect(cluster.router?.knowsPods).toBe(false);
    expect(built({ farSubnet: { cidr: '192.168.57.0/24', fromNode: 3, podRoutes: true } }).router?.knowsPods).toBe(
      true,
    );
  });

  it('hold nodes by number: one that is added moves none', () => {
    const addresses = ['192.168.56.11', '192.168.56.12', '192.168.57.13'];
    expect(cluster.nodes.map((node) => node.ip)).toEqual(addresses);
    expect(built({ nodes: 4 }).nodes.map((node) => node.ip)).toEqual([...addresses, '192.168.57.14']);
    expect(built({ nodes: 2 }).nodes.map((node) => node.ip)).toEqual(addresses.slice(0, 2));
  });

  it('tell who reaches whom without a router', () => {
    const [first, second, third] = cluster.nodes;
    const client = cluster.externals[1];
    if (!first || !second || !third || !client) throw new Error('three nodes and a client');
    expect(shareSubnet(cluster, first, second)).toBe(true);
    expect(shareSubnet(cluster, first, third)).toBe(false);
    expect(shareSubnet(cluster, first, client)).toBe(true);
    expect(subnetOf(cluster, third)?.cidr.text).toBe('192.168.57.0/24');
    expect(subnetOf(cluster, { ip: ip('203.0.113.10') })).toBeUndefined();
    expect(shareSubnet(cluster, { ip: ip('203.0.113.10') }, { ip: ip('203.0.113.11') })).toBe(false);
  });

  it.each<[string, string, string[]]>([
    [
      'the same range twice',
      '192.168.56.0/24',
      ['The node network 192.168.56.0/24 overlaps the second node subnet 192.168.56.0/24'],
    ],
    [
      'a range of pods',
      '10.244.3.0/24',
      ['The pod network 10.244.0.0/16 overlaps the second node subnet 10.244.3.0/24'],
    ],
    [
      "the router's own cable",
      '198.51.100.0/24',
      ["The second node subnet 198.51.100.0/24 overlaps the range of the router's uplink 198.51.100.0/30"],
    ],
    [
      'too small for nodes',
      '192.168.57.0/28',
      [
        'farSubnet: 192.168.57.0/28 is too small: gateway at .1, nodes from .11 and the client at .100 need a /25 or larger',
      ],
    ],
    ['no network', 'far', ['farSubnet: "far" is not a network: "far" is not an IP address']],
  ])('cannot be built: %s', (_why, far, expected) => {
    expect(problems({ farSubnet: { cidr: far, fromNode: 3 } })).toEqual(expected);
  });
});

it.each<[nodeNetwork: string, nodes: number, cidr: string | undefined, fromNode: number | undefined]>([
  ['192.168.56.0/24', 3, '192.168.57.0/24', 3],
  ['192.168.56.0/24', 4, '192.168.57.0/24', 3],
  ['192.168.56.0/24', 5, '192.168.57.0/24', 4],
  ['192.168.56.0/24', 1, '192.168.57.0/24', 2],
  ['172.16.0.0/16', 2, '172.17.0.0/16', 2],
  ['nodes', 3, undefined, undefined],
])('%s with %i nodes offers a second subnet', (nodeNetwork, nodes, range, fromNode) => {
  expect(farSubnetOf({ nodeNetwork, nodes })).toEqual(range === undefined ? null : { cidr: range, fromNode });
});

it('one node network has no router, and the Internet is its gateway', () => {
  const result = buildCluster(alone);
  if (!result.ok) throw new Error('no cluster');
  const { cluster } = result.value;
  expect(cluster.router).toBeUndefined();
  expect(subnetsOf(cluster)).toHaveLength(1);
  expect(cluster.externals[0]?.ip).toBe(cluster.nodeNetwork.gateway);
});
