/** Load balancers without a balancer: who announces an address, where its packets come, and who takes over. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe } from '../scenario/probe.ts';
import type { ClusterSize, ScenarioEvent } from '../scenario/scenario.ts';
import { balancerSentence, balancerTools } from './balancer.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import type { World } from './world.ts';

const labels = { app: 'shop' };
const size: ClusterSize = {
  nodes: 4,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
};

const shop = (service: object, homes: readonly string[] = ['node-2', 'node-3']): ScenarioEvent => ({
  type: 'ManifestsApplied',
  replace: false,
  objects: [
    ...homes.map((nodeName, i) => ({
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

function worldOf(mode: string, ...events: ScenarioEvent[]): World {
  const chosen: ScenarioEvent = { type: 'BalancerChosen', balancer: 'metallb', mode };
  const sized: ScenarioEvent = { type: 'ClusterSized', ...size };
  const built = buildWorld(foldScenario({ events: [...DEFAULT_SCENARIO.events, sized, chosen, ...events] }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const BY_BALANCER: Probe = {
  from: { kind: 'external', ref: 'client' },
  to: { kind: 'service', ref: 'default/shop', via: 'loadBalancer' },
  proto: 'tcp',
  port: 80,
};

/** The first node that the first packet comes to, and how the conversation ended. */
function entry(world: World, probe = BY_BALANCER) {
  const { hops, verdict } = traceProbe(world, probe);
  return { node: hops.find(({ ns }) => ns.startsWith('node-'))?.ns, outcome: verdict.outcome };
}

const announcers = (world: World): readonly string[] =>
  world.cluster.nodes
    .map(({ name }) => name)
    .filter((name) => (world.namespaces.get(name)?.arpResponders?.length ?? 0) > 0);

const seeds = Array.from({ length: 16 }, (_, i): ScenarioEvent => ({ type: 'SeedSet', seed: i + 1 }));
const proxied = (mode: string): ScenarioEvent => ({ type: 'ProxyChosen', proxy: 'kube-proxy', mode });
const silenced = (ns: string): ScenarioEvent => ({ type: 'ListenerStopped', ns, proto: 'tcp', port: 7946 });
const unplugged = (ns: string): ScenarioEvent => ({ type: 'DeviceSetDown', ns, dev: 'eth0' });
const sentence = (world: World): string | null =>
  balancerSentence(world, world.cluster.services.find(({ name }) => name === 'shop')!);

describe.each(['iptables', 'nftables', 'ipvs'])('layer 2 beside %s', (proxy) => {
  it('one node answers ARP and gets every connection', () => {
    const worlds = seeds.map((seed) => worldOf('l2', shop({}), proxied(proxy), seed));
    const [only, ...others] = announcers(worlds[0]!);
    expect(others).toEqual([]);
    for (const world of worlds) expect(entry(world)).toEqual({ node: only, outcome: 'connected' });
  });

  it('with policy Local it is a node with an endpoint, and the pod sees the client', () => {
    const world = worldOf('l2', shop({ externalTrafficPolicy: 'Local' }), proxied(proxy));
    expect(['node-2', 'node-3']).toContain(announcers(world)[0]);
    const { verdict } = traceProbe(world, BY_BALANCER);
    expect(verdict.sentence).toContain("it sees the client's own address, 192.168.56.100");
  });
});

describe('layer 2', () => {
  it.each([
    ['its speaker stops', silenced],
    ['its cable is cut', unplugged],
  ])('another node takes over when %s', (_why, fail) => {
    const [first = ''] = announcers(worldOf('l2', shop({})));
    const after = worldOf('l2', shop({}), fail(first));
    const [second = ''] = announcers(after);
    expect(second).not.toBe(first);
    expect(entry(after)).toEqual({ node: second, outcome: 'connected' });
    const [third = ''] = announcers(worldOf('l2', shop({}), fail(first), fail(second)));
    expect([first, second]).not.toContain(third);
  });

  it('nobody looks at kube-proxy: its node goes on announcing', () => {
    const [first = ''] = announcers(worldOf('l2', shop({})));
    const after = worldOf('l2', shop({}), { type: 'ProxyStopped', node: first });
    expect(announcers(after)).toEqual([first]);
    expect(entry(after)).toEqual({ node: first, outcome: 'connected' });
  });

  it('nobody announces a Service without a ready endpoint, and nobody answers', () => {
    const world = worldOf('l2', shop({}, []));
    expect(announcers(world)).toEqual([]);
    expect(entry(world).outcome).toBe('host-unreachable');
    expect(sentence(world)).toContain('Nobody answers ARP');
  });

  it('IPVS mode is told strictARP, else each node would answer', () => {
    const strict = worldOf('l2', shop({}), proxied('ipvs')).namespaces.get('node-1')?.sysctl;
    expect(strict).toMatchObject({ 'ipv4.conf.all.arp_ignore': 1, 'ipv4.conf.all.arp_announce': 2 });
    const lax = worldOf('bgp', shop({}), proxied('ipvs')).namespaces.get('node-1')?.sysctl;
    expect(lax).not.toHaveProperty('ipv4.conf.all.arp_ignore');
  });

  it('says who announces, and refuses a pool that nodes stand in', () => {
    const world = worldOf('l2', shop({}));
    expect(balancerTools(world, 'node-1')[0]?.lines[1]).toMatch(/^node-\d +shop +default$/);
    expect(balancerTools(world, 'internet')).toEqual([]);
    const crowded: ScenarioEvent = { type: 'ClusterSized', ...size, podCIDR: '10.128.0.0/9', nodes: 230 };
    expect(() => worldOf('l2', crowded)).toThrow(/an address of the pool 192\.168\.56\.232-192\.168\.56\.250/);
  });
});

it.each(['first', 'only', 'second'] as const)(
  'IPv6 that comes %s: addresses are IPv4, or the Service waits',
  (role) => {
    const ipv6 = {
      role,
      podCIDR: 'fd00:10:244::/56',
      nodeMask: 64,
      serviceCIDR: 'fd00:10:96::/112',
      nodeNetwork: 'fd00:192:168:56::/64',
    };
    for (const mode of ['l2', 'bgp']) {
      const both = shop({ ipFamilyPolicy: 'PreferDualStack' });
      const { verdict } = traceProbe(worldOf(mode, { type: 'ClusterSized', ...size, ipv6 }, both), BY_BALANCER);
      if (role !== 'only') expect(verdict.outcome, verdict.sentence).toBe('connected');
      else expect(verdict.sentence).toContain('is <pending>: load balancers are given IPv4 addresses here');
    }
  },
);

describe('BGP', () => {
  it('the router spreads connections over all nodes, and each stays where it began', () => {
    const entries = new Set(seeds.map((seed) => entry(worldOf('bgp', shop({}), seed)).node));
    expect(entries.size).toBeGreaterThan(2);
    for (const seed of seeds) {
      const world = worldOf('bgp', shop({}), seed);
      const { steps, verdict } = traceProbe(world, BY_BALANCER);
      expect(verdict.outcome).toBe('connected');
      const hops = steps.flatMap((s) =>
        s.kind === 'route' && s.ns === 'internet' && s.route?.nexthops ? [s.nextHop] : [],
      );
      expect(new Set(hops).size).toBe(1);
    }
  });

  it('with policy Local only nodes with an endpoint are next hops', () => {
    const local = shop({ externalTrafficPolicy: 'Local' });
    const entries = new Set(seeds.map((seed) => entry(worldOf('bgp', local, seed)).node));
    expect(entries).toEqual(new Set(['node-2', 'node-3']));
  });

  it('a silent speaker is no next hop; one that is left needs no choice; none is no route', () => {
    const local = shop({ externalTrafficPolicy: 'Local' });
    const one = worldOf('bgp', local, silenced('node-2'));
    const learned = one.namespaces.get('internet')?.routes.filter(({ proto }) => proto === 'bgp');
    expect(learned).toEqual([expect.objectContaining({ via: '192.168.56.13', dev: 'eth0' })]);
    expect(learned?.[0]).not.toHaveProperty('nexthops');
    const none = worldOf('bgp', local, silenced('node-2'), unplugged('node-3'));
    expect(entry(none)).toEqual({ node: undefined, outcome: 'net-unreachable' });
    expect(sentence(none)).toContain('No speaker announces');
  });

  it('two subnets: the router between them learns, and the Internet finds the way', () => {
    const apart: ScenarioEvent = { type: 'ClusterSized', ...size, farSubnet: { cidr: '192.168.57.0/24', fromNode: 3 } };
    const host: ScenarioEvent = { type: 'CniChosen', cni: 'flannel', mode: 'vxlan' };
    const world = worldOf('bgp', shop({}), apart, host);
    expect(balancerTools(world, 'router')[0]?.lines.join('\n')).toContain(
      'nexthop via 192.168.57.13 dev eth1 weight 1',
    );
    expect(entry(world).outcome).toBe('connected');
    expect(entry(world, { ...BY_BALANCER, from: { kind: 'external', ref: 'internet' } }).outcome).toBe('connected');
  });
});
