import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { keyText } from '../../../linux/bpf/map.ts';
import { printRoute } from '../../../linux/print/ip-route.ts';
import { ip } from '../../../wire/ip.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import type { CniOptions, NodePlan } from '../../contract.ts';
import { lxcName } from './addresses.ts';
import { CILIUM } from './driver.ts';
import { identityOf, securityLabels } from './identities.ts';
import { settingsOf } from './modes.ts';

const [first] = LAB.nodes;
const plan = (mode = 'vxlan', options: CniOptions = {}, cluster: Cluster = LAB): NodePlan =>
  CILIUM.plan(cluster, must(first, 'node-1'), mode, options);
const pod = (name: string, cluster = LAB) =>
  must(
    cluster.pods.find((each) => each.name === name),
    name,
  );
const namesOf = ({ node }: NodePlan): string[] => (node.devices ?? []).map(({ name }) => name);
const routesOf = ({ node }: NodePlan): string[] => (node.routes ?? []).map(printRoute);
const programsAt = ({ node }: NodePlan, dev: string): string[] =>
  (node.bpf?.attachments ?? []).flatMap(({ at, program }) => ('dev' in at && at.dev === dev ? [program] : []));

describe('Cilium on the reference cluster', () => {
  it.each(['vxlan', 'geneve-ebpf', 'native', 'native-endpoint-routes'])('%s', async (mode) => {
    await expect(planText(plan(mode))).toMatchFileSnapshot(`golden/node-1-${mode}.txt`);
  });
});

describe('names', () => {
  it('are cut from a hash of container id and device', () => {
    // Vector of the reference: pkg/datapath/connector, container id 0123456789abcdef four times.
    expect(lxcName('0123456789abcdef'.repeat(4))).toBe('lxcbf46857248e3');
  });
});

describe('modes', () => {
  it('replace kube-proxy wherever eBPF masquerades, and masquerade in eBPF wherever it routes', () => {
    for (const { id } of CILIUM.modes) {
      const { kubeProxyReplacement, bpfMasquerade, bpfHostRouting } = settingsOf(id);
      expect([id, !bpfMasquerade || kubeProxyReplacement, !bpfHostRouting || bpfMasquerade]).toEqual([id, true, true]);
      expect(CILIUM.replacesProxy?.(id)).toBe(kubeProxyReplacement);
    }
  });

  it.each([
    ['vxlan', 'cilium_vxlan'],
    ['geneve', 'cilium_geneve'],
    ['native', undefined],
  ])('%s has the tunnel %s', (mode, tunnel) => {
    expect(namesOf(plan(mode)).find((name) => /^cilium_(vxlan|geneve)/.test(name))).toBe(tunnel);
  });

  it.each([
    ['vxlan', []],
    ['vxlan-kpr', ['cil_from_netdev', 'cil_to_netdev']],
    ['native-ebpf', ['cil_from_netdev', 'cil_to_netdev']],
  ])('%s has %j on the network card', (mode, programs) => {
    expect(programsAt(plan(mode), 'eth0')).toEqual(programs);
  });

  it('routes to peers through cilium_host with a tunnel, to the peer itself without', () => {
    expect(routesOf(plan('vxlan'))).toContain(
      '10.244.2.0/24 via 10.244.1.1 dev cilium_host proto kernel src 10.244.1.1 mtu 1450',
    );
    expect(routesOf(plan('native'))).toContain('10.244.2.0/24 via 192.168.56.12 dev eth0 proto kernel');
  });

  it('refuses native routing to a node on another segment', () => {
    const nodes = LAB.nodes.map((node, i) => (i === 2 ? { ...node, ip: ip('172.16.0.3') } : node));
    const cluster = { ...LAB, nodes };
    expect(CILIUM.refuses(cluster, 'native-ebpf')).toMatch(/node-3 \(172\.16\.0\.3\) is not in 192\.168\.56\.0\/24/);
    expect(CILIUM.refuses(cluster, 'geneve')).toBeNull();
    expect(CILIUM.refuses(LAB, 'native')).toBeNull();
  });
});

describe('MTU', () => {
  it.each([
    ['vxlan', 'default via 10.244.1.1 dev eth0 mtu 1450'],
    ['geneve', 'default via 10.244.1.1 dev eth0 mtu 1450'],
    ['native', 'default via 10.244.1.1 dev eth0 mtu 1500'],
  ])('%s: devices keep 1500, the pod has %s', (mode, route) => {
    const made = plan(mode);
    const inPod = must(made.pods?.get('default/web-1'), 'web-1');
    expect(new Set([...(made.node.devices ?? []), ...(inPod.devices ?? [])].map(({ mtuBytes }) => mtuBytes))).toEqual(
      new Set([1500]),
    );
    expect((inPod.routes ?? []).map(printRoute)).toContain(route);
  });
});

describe('identities', () => {
  it('are one for the same labels on any node, and another one in another namespace', () => {
    const elsewhere = { ...pod('web-1'), namespace: 'shop' };
    const cluster = { ...LAB, pods: [...LAB.pods, elsewhere] };
    const [one, two, other] = [pod('web-1', cluster), pod('web-3', cluster), elsewhere].map((p) =>
      identityOf(cluster, p),
    );
    expect(one).toBe(two);
    expect(other).not.toBe(one);
    expect(one).toBeGreaterThan(255);
  });

  it('do not depend on labels that a rollout changes', () => {
    const labels = { app: 'web', 'pod-template-hash': 'abc', 'statefulset.kubernetes.io/pod-name': 'web-0' };
    expect(securityLabels({ namespace: 'default', labels })).toEqual(
      securityLabels({ namespace: 'default', labels: { app: 'web' } }),
    );
  });
});

describe('Services in maps', () => {
  // An external address that is also a node's.
  const services = LAB.services.map((service) =>
    service.name === 'web' ? { ...service, externalIPs: [ip('192.168.56.12')] } : service,
  );
  const cluster = { ...LAB, services };

  it.each(LAB.nodes.map(({ name }) => [name, name]))('no entry is written twice on %s', (_title, name) => {
    const node = must(
      LAB.nodes.find((each) => each.name === name),
      name,
    );
    for (const { id } of CILIUM.modes)
      for (const { name: map, entries } of CILIUM.plan(cluster, node, id, {}).node.bpf?.maps ?? []) {
        const keys = entries.map(({ key }) => keyText(key));
        const many = keys.filter((key, i) => keys.indexOf(key) !== i);
        expect([id, map, many]).toEqual([id, map, []]);
      }
  });
});

describe("the agent's tool", () => {
  const printed = (command: string): readonly string[] =>
    must(
      CILIUM.tools?.(LAB, must(first, 'node-1'), 'vxlan').find((output) => output.command === command),
      command,
    ).lines;

  it('lists the pods of the node as endpoints, with their identities', () => {
    const [head, enforcement, ...rows] = printed('cilium-dbg endpoint list');
    expect(head).toMatch(
      /^ENDPOINT {3}POLICY \(ingress\) {3}POLICY \(egress\) {3}IDENTITY {3}LABELS \(source:key\[=value\]\) +IPv6 {3}IPv4 +STATUS$/,
    );
    expect(enforcement?.trim()).toMatch(/^ENFORCEMENT +ENFORCEMENT$/);
    const own = LAB.pods.filter(({ node }) => node === 'node-1');
    const endpoints = rows.filter((row) => row.endsWith('ready'));
    expect(endpoints).toHaveLength(own.length);
    for (const one of own)
      expect(endpoints.some((row) => row.includes(` ${one.ip} `) && row.includes(` ${identityOf(LAB, one)} `))).toBe(
        true,
      );
  });

  it('lists each identity of the cluster once, in order', () => {
    const numbers = printed('cilium-dbg identity list')
      .slice(1)
      .flatMap((line) => line.match(/^\d+/)?.[0] ?? []);
    const expected = [...new Set(LAB.pods.map((one) => identityOf(LAB, one)))].sort((a, b) => a - b);
    expect(numbers.map(Number)).toEqual(expected);
  });
});
