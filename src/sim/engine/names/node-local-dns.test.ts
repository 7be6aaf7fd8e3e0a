/** NodeLocal DNSCache, a row for each proxy beside each CNI: who is asked, from where the answer comes, and what leaves the node. */
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.ts';
import { NODE_LOCAL_IP } from '../../kube/dns/node-local.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { BASE_STATE } from '../../scenario/defaults.ts';
import { foldScenario } from '../../scenario/fold.ts';
import { sizeOf } from '../../scenario/normalise.ts';
import type { ScenarioEvent } from '../../scenario/scenario.ts';
import { ip } from '../../wire/ip.ts';
import { buildWorld } from '../build-world.ts';
import { traceProbe } from '../converse.ts';
import { dnsIn } from '../packets.ts';
import type { Trace } from '../trace.ts';
import type { World } from '../world.ts';

const client: KubeObject = {
  kind: 'Pod',
  namespace: 'default',
  name: 'toolbox',
  labels: {},
  nodeName: 'node-3',
  containers: [{ name: 'toolbox', ports: [] }],
};
const web: readonly KubeObject[] = [
  { kind: 'Pod', namespace: 'default', name: 'web', labels: { app: 'web' }, containers: [{ name: 'web', ports: [] }] },
  { kind: 'Service', namespace: 'default', name: 'web', selector: { app: 'web' }, ports: [{ port: 80 }] },
];
const WITH_CACHE: ScenarioEvent = { type: 'ClusterSized', ...sizeOf(BASE_STATE), nodeLocalDns: true };
const KUBE_DNS = ip('10.96.0.10');

function worldOf(cni: string, mode: string, proxyMode: string, seed = 0): World {
  const events: ScenarioEvent[] = [
    WITH_CACHE,
    { type: 'ManifestsApplied', objects: [client, ...web], replace: true },
    { type: 'CniChosen', cni, mode },
    { type: 'ProxyChosen', proxy: 'kube-proxy', mode: proxyMode },
    { type: 'SeedSet', seed },
  ];
  const built = buildWorld(foldScenario({ events }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const ask = (world: World, name: string, race = false): Trace =>
  traceProbe(world, {
    from: { kind: 'pod', ref: 'default/toolbox' },
    to: { kind: 'name', name },
    proto: 'tcp',
    port: 80,
    ...(race && { options: { dns: { race: true } } }),
  });

const lookupOf = (trace: Trace): Trace['steps'] => trace.steps.slice(0, trace.lookup?.steps);
const ends = ({
  frame,
}: Trace['steps'][number]): { readonly src: string; readonly dst: string; readonly dport: number } | null =>
  'ttl' in frame && 'sport' in frame.l4 ? { src: frame.src, dst: frame.dst, dport: frame.l4.dport } : null;

const CNIS = [
  ['flannel', 'vxlan'],
  ['calico', 'vxlan'],
] as const;
const PROXIES = [
  ['iptables', KUBE_DNS],
  ['nftables', KUBE_DNS],
  ['ipvs', NODE_LOCAL_IP],
] as const;
const ROWS = CNIS.flatMap(([cni, mode]) => PROXIES.map(([proxy, server]) => [cni, mode, proxy, server] as const));

describe.each(ROWS)('%s %s beside kube-proxy %s', (cni, mode, proxy, server) => {
  const world = worldOf(cni, mode, proxy);
  const trace = ask(world, 'web');
  const steps = lookupOf(trace);
  const pod = must(
    world.cluster.pods.find(({ name }) => name === 'toolbox'),
    'toolbox',
  );
  const own = steps.filter((step) => [pod.ip].some((one) => one === ends(step)?.src || one === ends(step)?.dst));

  it(`a question goes to ${server}, which is on the pod's own node`, () => {
    expect(trace.verdict.good).toBe(true);
    expect(steps.flatMap((step) => (step.kind === 'name-query' ? [step.server] : []))).toEqual([server]);
    const taken = steps.filter((step) => step.kind === 'deliver' && step.socket?.program === 'node-cache');
    expect(taken.map((step) => [step.ns, ends(step)?.dst])).toEqual([
      ['node-3', server],
      ['node-3', server],
    ]);
  });

  it('nothing of it is tracked or translated, and the answer has the address that was asked', () => {
    expect(own.filter((step) => step.kind === 'nat')).toEqual([]);
    expect(own.filter((step) => step.kind === 'conntrack')).toEqual([]);
    const skipped = own.filter((step) => step.kind === 'rule' && step.rule.target?.kind === 'NOTRACK');
    expect(new Set(skipped.map((step) => ends(step)?.dst))).toEqual(new Set([server, pod.ip]));
    const answers = steps.filter((step) => step.kind === 'deliver' && step.ns === 'default/toolbox');
    expect(answers.map((step) => ends(step)?.src)).toEqual([server, server]);
    expect(new Set(own.map((step) => step.ns))).toEqual(new Set(['default/toolbox', 'node-3']));
  });

  it('what the cache does not know it asks CoreDNS for, over TCP', () => {
    const asked = steps.filter((step) => step.kind === 'deliver' && step.socket?.program === 'coredns');
    expect(asked.length).toBeGreaterThan(0);
    const heard = steps.filter(
      (step) => step.kind === 'deliver' && dnsIn(step.frame) && step.ns.startsWith('kube-system/'),
    );
    expect(heard.every(({ frame }) => 'ttl' in frame && frame.l4.proto === 'tcp')).toBe(true);
    expect(heard).toHaveLength(2);
    const [upstream] = world.cluster.nodeLocalDns?.upstreams ?? [];
    expect(upstream).not.toBe(server);
    const sent = steps.filter((step) => step.kind === 'send' && step.ns === 'node-3' && ends(step)?.dport === 53);
    expect(new Set(sent.map((step) => ends(step)?.dst))).toEqual(new Set([upstream]));
  });

  it('names of the world outside go to the resolver of the node', () => {
    const outside = lookupOf(ask(world, 'example.com.'));
    expect(outside.some((step) => step.kind === 'deliver' && step.socket?.program === 'coredns')).toBe(false);
    expect(outside.some((step) => step.kind === 'deliver' && step.socket?.program === 'resolver')).toBe(true);
  });

  it('A and AAAA on two CPUs: there is no entry to race for', () => {
    const took = Array.from(
      { length: 8 },
      (_, seed) => ask(worldOf(cni, mode, proxy, seed), 'web', true).lookup?.tookMs,
    );
    expect(new Set(took)).toEqual(new Set([0]));
  });
});

describe('what stands on a node', () => {
  it.each<[string, readonly string[]]>([
    ['iptables', [NODE_LOCAL_IP, KUBE_DNS]],
    ['ipvs', [NODE_LOCAL_IP]],
  ])('beside %s', (proxy, ips) => {
    const config = must(worldOf('flannel', 'vxlan', proxy).namespaces.get('node-2'), 'node-2');
    expect(config.addresses.flatMap(({ dev, ip: one }) => (dev === 'nodelocaldns' ? [one] : []))).toEqual(ips);
    const bound = config.listeners.filter(({ program }) => program === 'node-cache');
    expect(bound.map(({ proto, ip: one }) => `${proto} ${one}`).sort()).toEqual(
      ips.flatMap((one) => [`tcp ${one}`, `udp ${one}`]).sort(),
    );
    const rules = config.iptables.get('raw')?.chains.get('PREROUTING')?.rules ?? [];
    expect(rules.filter(({ target }) => target?.kind === 'NOTRACK')).toHaveLength(ips.length * 2);
  });

  it('one pod of it on each node, and no other pod has another address', () => {
    const { pods } = worldOf('flannel', 'vxlan', 'iptables').cluster;
    expect(pods.filter(({ owner }) => owner.endsWith('node-local-dns')).map(({ node }) => node)).toEqual([
      'node-1',
      'node-2',
      'node-3',
    ]);
    const plain = buildWorld(
      foldScenario({ events: [{ type: 'ManifestsApplied', objects: [client, ...web], replace: true }] }),
    );
    if (!plain.ok) throw new Error('no world');
    const places = (of: typeof pods): readonly string[] =>
      of.filter(({ hostNetwork }) => !hostNetwork).map((pod) => `${pod.name} ${pod.node} ${pod.ip}`);
    expect(places(pods)).toEqual(places(plain.value.cluster.pods));
  });
});

it.each([['Cilium', [{ type: 'CniChosen', cni: 'cilium', mode: 'vxlan' }], /CiliumLocalRedirectPolicy/]] as const)(
  '%s refuses',
  (_who, more, why) => {
    const built = buildWorld(foldScenario({ events: [WITH_CACHE, ...more] }));
    expect(built.ok ? '' : built.error[0]?.what).toMatch(why);
  },
);
