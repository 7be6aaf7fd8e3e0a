import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { printFdbEntry } from '../../../linux/print/bridge-fdb.ts';
import { printNeighbour } from '../../../linux/print/ip-neigh.ts';
import { printRoute } from '../../../linux/print/ip-route.ts';
import { APART, LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import type { CniOptions, NodePlan } from '../../contract.ts';
import { FLANNEL } from './driver.ts';

const [first] = LAB.nodes;
const plan = (mode = 'vxlan', options: CniOptions = {}, cluster: Cluster = LAB): NodePlan =>
  FLANNEL.plan(cluster, must(first, 'node-1'), mode, options);
const mtuOf = ({ node, pods }: NodePlan): Record<string, number> => {
  const inPod = must(pods?.get('default/web-1'), 'web-1').devices ?? [];
  return Object.fromEntries([...(node.devices ?? []), ...inPod].map(({ name, mtuBytes }) => [name, mtuBytes]));
};

describe('Flannel on the reference cluster', () => {
  it.each(FLANNEL.modes.map(({ id }) => id))('%s', async (mode) => {
    await expect(planText(plan(mode))).toMatchFileSnapshot(`golden/node-1-${mode}.txt`);
  });
});

describe('options', () => {
  it('podMtuBytes changes the pod side and leaves the tunnel alone', () => {
    const names = mtuOf(plan('vxlan', { podMtuBytes: 1500 }));
    expect(names).toMatchObject({ cni0: 1500, eth0: 1500, 'flannel.1': 1450 });
  });

  it('missingFdb leaves out one entry of one node', () => {
    expect(
      plan('vxlan', {
        missingFdb: [
          ['node-1', 'node-2'],
          ['node-2', 'node-3'],
        ],
      }).node.fdb,
    ).toHaveLength(1);
  });

  it('hairpin off leaves every port without it', () => {
    const ports = plan('vxlan', { hairpin: false }).node.devices ?? [];
    expect(ports.filter(({ hairpin }) => hairpin)).toEqual([]);
  });

  it('noForwardAccept leaves FLANNEL-FWD out', () => {
    const tables = applyRuleOps(plan('vxlan', { noForwardAccept: true }).node.iptables ?? []);
    expect([...tables.keys()]).toEqual(['nat']);
  });
});

describe('a node without pods', () => {
  it('has no bridge, because the first pod makes it', () => {
    const { devices, addresses } = plan('vxlan', {}, { ...LAB, pods: [] }).node;
    expect(devices?.map(({ name }) => name)).toEqual(['flannel.1']);
    expect(addresses?.map(({ dev }) => dev)).toEqual(['flannel.1']);
  });
});

describe('nodes of two subnets', () => {
  const written = (mode: string, cluster: Cluster) => {
    const { routes = [], neighbours = [], fdb = [] } = plan(mode, {}, cluster).node;
    return [
      ...routes.map(printRoute),
      ...neighbours.map((n) => printNeighbour(n)),
      ...fdb.map((entry) => printFdbEntry(entry)),
    ].map((line) => line.replace(/(\w\w:){5}\w\w/, 'MAC'));
  };

  it.each<[mode: string, Cluster, string[]]>([
    ['host-gw', APART, ['10.244.2.0/24 via 192.168.56.12 dev eth0', '10.244.3.0/24 via 192.168.57.13 dev eth0']],
    [
      'vxlan-directrouting',
      LAB,
      ['10.244.2.0/24 via 192.168.56.12 dev eth0', '10.244.3.0/24 via 192.168.56.13 dev eth0'],
    ],
    [
      'vxlan-directrouting',
      APART,
      [
        '10.244.2.0/24 via 192.168.56.12 dev eth0',
        '10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink',
        '10.244.3.0 dev flannel.1 lladdr MAC PERMANENT',
        'MAC dev flannel.1 dst 192.168.57.13 self permanent',
      ],
    ],
  ])('%s writes, or tries to', (mode, cluster, lines) => {
    expect(written(mode, cluster)).toEqual(lines);
    expect(FLANNEL.refuses(cluster, mode)).toBeNull();
  });

  it('DirectRouting keeps the MTU of the tunnel for all pods', () => {
    expect(mtuOf(plan('vxlan-directrouting', {}, APART))).toMatchObject({ cni0: 1450, 'flannel.1': 1450 });
  });
});

describe('names', () => {
  it('takes the name that the pod asks for', () => {
    const pods = LAB.pods.map((pod) => (pod.name === 'web-1' ? { ...pod, veth: 'veth-web-1' } : pod));
    const { node, pods: inPods } = plan('vxlan', {}, { ...LAB, pods });
    expect(node.devices?.map(({ name }) => name)).toContain('veth-web-1');
    expect(inPods?.get('default/web-1')?.devices?.[0]).toMatchObject({ peer: { ns: 'node-1', dev: 'veth-web-1' } });
  });
});
