/** Two node subnets and a router between them: the example of three nodes, of which the third is on the other side. */
import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import type { FarSubnet } from '../kube/cluster-input.ts';
import type { KubeObject } from '../kube/objects.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe, ProbeFrom, ProbeTo } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { type Frame, type IpPacket, innermost } from '../wire/frame.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import { explain } from './explain/explain.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

const NETWORKS = {
  nodes: 3,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
};
const FAR: FarSubnet = { cidr: '192.168.57.0/24', fromNode: 3 };

const onNode = (name: string, node: number): KubeObject => ({
  kind: 'Pod',
  namespace: 'default',
  name,
  labels: { app: 'web' },
  nodeName: `node-${node}`,
  containers: [{ name: 'web', ports: [{ containerPort: 8080 }] }],
});

const OBJECTS: readonly KubeObject[] = [
  ...[1, 2, 3].map((node) => onNode(`web-${node}`, node)),
  onNode('tool-1', 1),
  {
    kind: 'Service',
    namespace: 'default',
    name: 'web',
    type: 'NodePort',
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 8080, nodePort: 30_080 }],
  },
];

function world(mode: string, farSubnet: FarSubnet | null = FAR, ...more: readonly ScenarioEvent[]): World {
  const events: ScenarioEvent[] = [
    { type: 'ClusterSized', ...NETWORKS, ...(farSubnet && { farSubnet }) },
    { type: 'ManifestsApplied', objects: OBJECTS, replace: true },
    { type: 'CniChosen', cni: 'flannel', mode },
    ...more,
  ];
  const built = buildWorld(foldScenario({ events }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const pod = (name: string) => ({ kind: 'pod', ref: `default/${name}` }) as const;
const outside = (name: string) => ({ kind: 'external', ref: name }) as const;
const at = (ip: string) => ({ kind: 'ip', ip }) as const;
const ping = (from: ProbeFrom, to: ProbeTo): Probe => ({ from, to, proto: 'ping' });
const tcp = (from: ProbeFrom, to: ProbeTo, port: number, endpoint?: string): Probe => ({
  from,
  to,
  proto: 'tcp',
  port,
  ...(endpoint && { options: { endpoint } }),
});

const isPacket = (frame: Frame | IpPacket): frame is IpPacket => 'ttl' in frame;

/** The first packet on its way: where it was, and its TTLs when it arrived. */
function wayOf({ steps }: Trace): {
  readonly places: string;
  readonly ttl: number | null;
  readonly outerTtl: number | null;
} {
  const first = steps.find((step) => step.kind === 'send')?.packet;
  const own = steps.filter((step) => step.packet === first);
  const places = own.map(({ ns }) => ns.replace('default/', '')).filter((ns, i, all) => ns !== all[i - 1]);
  const arrived = own.findLast((step) => step.kind === 'deliver' && step.to !== 'tunnel');
  const wrapped = own.findLast((step) => step.kind === 'deliver' && step.to === 'tunnel');
  const packetIn = (frame: Frame | IpPacket): IpPacket | null => (isPacket(frame) ? frame : (innermost(frame) ?? null));
  const outerOf = (frame: Frame | IpPacket): IpPacket | null =>
    isPacket(frame) ? frame : frame.payload.kind === 'arp' ? null : frame.payload;
  return {
    places: places.join(' '),
    ttl: arrived ? (packetIn(arrived.frame)?.ttl ?? null) : null,
    outerTtl: wrapped ? (outerOf(wrapped.frame)?.ttl ?? null) : null,
  };
}

describe('a ping from node to node', () => {
  it.each<[mode: string, to: string, places: string, ttl: number | null, outerTtl: number | null]>([
    ['vxlan', 'web-1', 'tool-1 node-1 web-1', 64, null],
    ['vxlan', 'web-2', 'tool-1 node-1 underlay node-2 web-2', 62, 64],
    ['vxlan', 'web-3', 'tool-1 node-1 underlay router underlay-2 node-3 web-3', 62, 63],
    ['vxlan-directrouting', 'web-1', 'tool-1 node-1 web-1', 64, null],
    ['vxlan-directrouting', 'web-2', 'tool-1 node-1 underlay node-2 web-2', 62, null],
    ['vxlan-directrouting', 'web-3', 'tool-1 node-1 underlay router underlay-2 node-3 web-3', 62, 63],
    ['host-gw', 'web-1', 'tool-1 node-1 web-1', 64, null],
    ['host-gw', 'web-2', 'tool-1 node-1 underlay node-2 web-2', 62, null],
    ['host-gw', 'web-3', 'tool-1 node-1 underlay router internet', null, null],
  ])('%s to %s', (mode, to, places, ttl, outerTtl) => {
    const trace = traceProbe(world(mode), ping(pod('tool-1'), pod(to)));
    expect(wayOf(trace)).toEqual({ places, ttl, outerTtl });
    expect(trace.verdict.outcome).toBe(ttl === null ? 'timeout' : 'reply');
  });
});

describe('host-gw across subnets', () => {
  const lost = traceProbe(world('host-gw'), ping(pod('tool-1'), pod('web-3')));

  it('fails as in life, and the verdict says why', () => {
    expect(lost.verdict.sentence).toBe(
      'No answer: node-1 has no route to 10.244.2.0/24, the pods of node-3: flanneld asked for one via 192.168.57.13 (node-3), and the kernel refused ("Nexthop has invalid gateway") because that address is in another subnet, so the packet for web-3 left by the default route and the router outside (internet) dropped it.',
    );
    expect(lost.verdict.remedy).toBe(
      'Use a tunnel between the subnets, or tell the router: ip route add 10.244.2.0/24 via 192.168.57.13   # on router',
    );
  });

  it('works once the router knows the pods, with one hop more', () => {
    const of = world('host-gw', { ...FAR, podRoutes: true });
    const trace = traceProbe(of, ping(pod('tool-1'), pod('web-3')));
    expect(wayOf(trace)).toEqual({
      places: 'tool-1 node-1 underlay router underlay-2 node-3 web-3',
      ttl: 61,
      outerTtl: null,
    });
    expect(trace.verdict.outcome).toBe('reply');
  });

  it('needs no router for nodes that share a subnet', () => {
    expect(world('host-gw', null).namespaces.get('node-1')?.refusedRoutes).toBeUndefined();
    const { refusedRoutes, routes } = must(world('host-gw').namespaces.get('node-1'), 'node-1');
    expect(refusedRoutes?.map(({ route, error }) => `${route.dst.text} ${error}`)).toEqual([
      '10.244.2.0/24 Nexthop has invalid gateway',
    ]);
    expect(routes.map(({ dst, via }) => `${dst.text} ${via}`)).toEqual([
      '0.0.0.0/0 192.168.56.1',
      '10.244.1.0/24 192.168.56.12',
    ]);
  });
});

it('a node that knows a way by the router finds out that the router does not', () => {
  const bgp: ScenarioEvent = { type: 'CniChosen', cni: 'calico', mode: 'bgp' };
  const of = world('vxlan', FAR, bgp);
  const { verdict } = traceProbe(of, ping(pod('tool-1'), pod('web-3')));
  expect(verdict.sentence).toMatch(
    /^No answer: router, between the node subnets, has no route to 10\.244\.\d+\.\d+\/26, the pods of node-3: it sent the packet for web-3 on to the Internet, where internet dropped it\.$/,
  );
  expect(verdict.remedy).toMatch(/ip route add 10\.244\.[\d./]+ via 192\.168\.57\.13 {3}# on router$/);
  const knows = world('vxlan', { ...FAR, podRoutes: true }, bgp);
  expect(traceProbe(knows, ping(pod('tool-1'), pod('web-3'))).verdict.outcome).toBe('reply');
});

describe('what else crosses the router', () => {
  it.each<[why: string, probe: Probe, outcome: string]>([
    ['a pod reaches the Internet from the far side', tcp(pod('web-3'), outside('internet'), 80), 'connected'],
    ['and from the near side', tcp(pod('tool-1'), outside('internet'), 80), 'connected'],
    [
      'a client uses a node port of the far node',
      tcp(outside('client'), at('192.168.57.13'), 30_080, '10.244.0.2:8080'),
      'connected',
    ],
    [
      'a Service with its endpoint on the far side',
      tcp(pod('tool-1'), { kind: 'service', ref: 'default/web', via: 'clusterIP' }, 80, '10.244.2.2:8080'),
      'connected',
    ],
    ['the kubelet of the far node', tcp(pod('tool-1'), { kind: 'node', ref: 'node-3' }, 10_250), 'connected'],
    ['the router itself answers', ping(pod('tool-1'), outside('router')), 'reply'],
    ['its far leg too', ping(pod('tool-1'), at('192.168.57.1')), 'reply'],
    ['the router reaches nodes', ping(outside('router'), { kind: 'node', ref: 'node-3' }), 'reply'],
    ['the Internet knows no private addresses', ping(pod('tool-1'), at('192.168.99.9')), 'timeout'],
  ])('%s', (_why, probe, outcome) => {
    expect(traceProbe(world('vxlan'), probe).verdict.outcome).toBe(outcome);
  });

  it('a traceroute sees the router, but not through the tunnel', () => {
    const hops = (to: ProbeTo): string[] =>
      traceProbe(world('vxlan'), { from: pod('tool-1'), to, proto: 'traceroute' }).verdict.printed.match(
        /\d+\.\d+\.\d+\.\d+/g,
      ) ?? [];
    expect(hops({ kind: 'node', ref: 'node-3' })).toContain('192.168.56.1');
    expect(hops(pod('web-3'))).not.toContain('192.168.56.1');
  });

  it('a router that does not forward is told by name', () => {
    const off = world('vxlan', FAR, { type: 'SysctlSet', ns: 'router', key: 'ipv4.ip_forward', value: 0 });
    expect(traceProbe(off, ping(pod('tool-1'), pod('web-3'))).verdict.sentence).toMatch(/router/);
  });

  it('every step has words, and the two subnets have names of their own', () => {
    const of = world('vxlan');
    const trace = traceProbe(of, ping(pod('tool-1'), pod('web-3')));
    const told = trace.steps.map(({ i }) => explain(trace, of, i));
    for (const { title, sentence } of told) expect(`${title} ${sentence}`).not.toMatch(/undefined|null/);
    const words = told.map(({ sentence }) => sentence).join('\n');
    expect(words).toContain('which routes it by its outer addresses and never looks inside');
    expect(told.map(({ place }) => place.label)).toContain('router (between the node subnets)');
  });
});
