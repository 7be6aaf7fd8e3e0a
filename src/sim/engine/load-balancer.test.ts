/** A client calls a Service by the address of its load balancer: the way, whom the pod sees, and who is in rotation. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { readManifests } from '../kube/manifests/parse.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { innermost, isIp } from '../wire/frame.ts';
import { balancerTools } from './balancer.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

const PROXIES = ['iptables', 'nftables', 'ipvs'];
const labels = { app: 'shop' };

/** Two pods on the first two of three nodes, and a Service for them. */
const shop = (service: object): ScenarioEvent => ({
  type: 'ManifestsApplied',
  replace: false,
  objects: [
    ...['node-1', 'node-2'].map((nodeName, i) => ({
      kind: 'Pod' as const,
      namespace: 'default',
      name: `shop-${i + 1}`,
      nodeName,
      labels,
      containers: [{ name: 'shop', ports: [{ containerPort: 8080 }] }],
    })),
    {
      kind: 'Service',
      namespace: 'default',
      name: 'shop',
      type: 'LoadBalancer',
      selector: labels,
      ports: [{ port: 80, targetPort: 8080 }],
      ...service,
    },
  ],
});

const chosen = (mode: string, balancer = 'cloud'): ScenarioEvent => ({ type: 'BalancerChosen', balancer, mode });
const proxied = (mode: string): ScenarioEvent => ({ type: 'ProxyChosen', proxy: 'kube-proxy', mode });

function worldOf(...events: ScenarioEvent[]): World {
  const built = buildWorld(foldScenario({ events: [...DEFAULT_SCENARIO.events, ...events] }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const CLIENT: Probe['from'] = { kind: 'external', ref: 'client' };
const BY_BALANCER: Probe = {
  from: CLIENT,
  to: { kind: 'service', ref: 'default/shop', via: 'loadBalancer' },
  proto: 'tcp',
  port: 80,
};

/** The machines that the first packet visits, without the switch. */
function wayOf({ hops }: Trace, lane = 0): string {
  const packets = [...new Set(hops.map(({ packet }) => packet))];
  const visited = hops.filter((hop) => hop.packet === packets[lane] && hop.ns !== 'underlay').map(({ ns }) => ns);
  return visited.filter((ns, i) => ns !== visited[i - 1]).join(' > ');
}

/** Whom the program that got the first packet sees. */
function seenBy({ steps }: Trace): string | undefined {
  const first = steps[0]?.packet;
  const arrival = steps.find((s) => s.kind === 'deliver' && s.to === 'socket' && s.packet === first);
  const packet = arrival && ('ttl' in arrival.frame ? arrival.frame : innermost(arrival.frame));
  return packet && isIp(packet) ? packet.src : undefined;
}

const seeds = Array.from({ length: 12 }, (_, i): ScenarioEvent => ({ type: 'SeedSet', seed: i + 1 }));
const NODES = ['192.168.56.11', '192.168.56.12', '192.168.56.13'];

describe.each(PROXIES)('beside %s', (proxy) => {
  it('passthrough: a node gets it as it was sent and answers the client itself', () => {
    for (const seed of seeds) {
      const trace = traceProbe(worldOf(shop({}), chosen('passthrough'), proxied(proxy), seed), BY_BALANCER);
      expect(trace.verdict.outcome, trace.verdict.sentence).toBe('connected');
      expect(wayOf(trace)).toMatch(/^client > balancer > node-\d( > node-[12])? > default\/shop-[12]$/);
      expect(wayOf(trace, 1)).not.toContain('balancer');
    }
  });

  it('passthrough with policy Local: only nodes with a pod get it, and the pod sees the client', () => {
    const ways = seeds.map((seed) => {
      const service = shop({ externalTrafficPolicy: 'Local' });
      const trace = traceProbe(worldOf(service, chosen('passthrough'), proxied(proxy), seed), BY_BALANCER);
      expect(seenBy(trace)).toBe('192.168.56.100');
      return wayOf(trace);
    });
    expect(new Set(ways)).toEqual(new Set([1, 2].map((n) => `client > balancer > node-${n} > default/shop-${n}`)));
  });

  it('to node ports: the answer comes back by the balancer, and the pod never sees the client', () => {
    for (const seed of seeds) {
      const trace = traceProbe(worldOf(shop({}), chosen('proxy'), proxied(proxy), seed), BY_BALANCER);
      expect(trace.verdict.outcome, trace.verdict.sentence).toBe('connected');
      expect(wayOf(trace, 1)).toMatch(/ > balancer > client$/);
      expect(seenBy(trace)).not.toBe('192.168.56.100');
    }
  });

  it('to node ports with policy Local: the pod sees the balancer', () => {
    for (const seed of seeds) {
      const service = shop({ externalTrafficPolicy: 'Local' });
      const trace = traceProbe(worldOf(service, chosen('proxy'), proxied(proxy), seed), BY_BALANCER);
      expect(wayOf(trace)).toMatch(/^client > balancer > node-([12]) > default\/shop-\1$/);
      expect(seenBy(trace)).toBe('192.168.56.5');
    }
  });

  it('inside the cluster a VIP is taken on the node; with ipMode Proxy the packet goes out to the balancer', () => {
    const fromPod = { ...BY_BALANCER, from: { kind: 'pod', ref: 'default/toolbox' } } as const;
    const vip = traceProbe(worldOf(shop({}), chosen('passthrough'), proxied(proxy)), fromPod);
    expect([vip.verdict.outcome, wayOf(vip).includes('balancer')]).toEqual(['connected', false]);
    const out = traceProbe(worldOf(shop({}), chosen('proxy'), proxied(proxy)), fromPod);
    expect([out.verdict.outcome, wayOf(out).includes('internet > balancer')]).toEqual(['connected', true]);
  });

  it('a node whose kube-proxy stopped is out of rotation, and one without an endpoint is, with policy Local', () => {
    const stopped: ScenarioEvent = { type: 'ProxyStopped', node: 'node-2' };
    for (const seed of seeds) {
      const trace = traceProbe(worldOf(shop({}), chosen('passthrough'), proxied(proxy), stopped, seed), BY_BALANCER);
      expect(wayOf(trace)).not.toContain('balancer > node-2');
    }
    const health = balancerTools(worldOf(shop({}), chosen('passthrough'), proxied(proxy), stopped), 'balancer')[0];
    expect(health?.lines.filter((line) => line.startsWith('node-'))).toEqual([
      'node-1: healthy',
      'node-2: unhealthy',
      'node-3: healthy',
    ]);
    expect(health?.lines).toContain('  Connection refused');
    const local = balancerTools(
      worldOf(shop({ externalTrafficPolicy: 'Local' }), chosen('proxy'), proxied(proxy)),
      'balancer',
    )[0];
    expect(local?.lines).toContain('node-3: unhealthy');
    expect(local?.lines).toContain('  HTTP/1.1 503 Service Unavailable');
  });
});

it('loadBalancerSourceRanges keep others away, whoever looks at them', () => {
  for (const mode of ['passthrough', 'proxy'])
    for (const [range, outcome] of [
      ['192.168.56.0/24', 'connected'],
      ['10.0.0.0/8', 'timeout'],
    ] as const) {
      const service = shop({ loadBalancerSourceRanges: [range] });
      expect(traceProbe(worldOf(service, chosen(mode)), BY_BALANCER).verdict.outcome, `${mode} ${range}`).toBe(outcome);
    }
});

const boutique = new URL('../../../../shared/manifests/online-boutique.yaml', import.meta.url);

it.skipIf(!existsSync(boutique))(
  'the frontend of an application that people use gets its address as its manifest stands (skipped where it is not here)',
  () => {
    const { objects } = readManifests(readFileSync(boutique, 'utf8'));
    const applied: ScenarioEvent = { type: 'ManifestsApplied', objects, replace: true };
    for (const [balancer, mode] of [
      ['cloud', 'passthrough'],
      ['cloud', 'proxy'],
      ['metallb', 'l2'],
      ['metallb', 'bgp'],
    ] as const) {
      const to = { kind: 'service', ref: 'default/frontend-external', via: 'loadBalancer' } as const;
      const trace = traceProbe(worldOf(applied, chosen(mode, balancer)), { ...BY_BALANCER, to });
      expect(trace.verdict.outcome, `${balancer}/${mode}: ${trace.verdict.sentence}`).toBe('connected');
    }
  },
);

it('nobody is healthy: all get packets, as there is nothing to lose', () => {
  const nobody = NODES.map((_, i): ScenarioEvent => ({ type: 'ProxyStopped', node: `node-${i + 1}` }));
  const world = worldOf(shop({}), chosen('passthrough'), ...nobody);
  const servers = must(world.namespaces.get('balancer')?.ipvs?.[0], 'a virtual server').realServers;
  expect(servers.map(({ ip }) => ip)).toEqual(NODES);
  expect(balancerTools(world, 'balancer')[0]?.about).toContain('Nobody is healthy');
});

it.each([
  [
    'none',
    'none',
    {},
    'The EXTERNAL-IP of Service default/shop is <pending>: nobody in this cluster gives out load balancers. Choose one under "Load balancer".',
  ],
  [
    'passthrough',
    'cloud',
    { type: 'NodePort' },
    'Service default/shop is of type NodePort: no load balancer is made for it.',
  ],
] as const)('there is no address to send to: %s', (mode, balancer, service, sentence) => {
  expect(traceProbe(worldOf(shop(service), chosen(mode, balancer)), BY_BALANCER).verdict.sentence).toBe(sentence);
});

it('without node ports only a balancer that needs none can send', () => {
  const service = shop({ allocateLoadBalancerNodePorts: false });
  expect(traceProbe(worldOf(service, chosen('passthrough')), BY_BALANCER).verdict.outcome).toBe('connected');
  expect(traceProbe(worldOf(service, chosen('proxy')), BY_BALANCER).verdict.outcome).toBe('unresolved');
});
