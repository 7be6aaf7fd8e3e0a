import { describe, expect, it } from 'vitest';
import type { ServiceObject } from '../kube/objects.ts';
import type { SchedulerName, VirtualServer } from '../linux/ipvs/table.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe } from '../scenario/probe.ts';
import type { FaultEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { chiSquare } from './chi-square.ts';
import { type Connections, type Distribution, distribute } from './distribute.ts';
import type { World } from './world.ts';

const STATE = foldScenario(DEFAULT_SCENARIO);
/** Of kube-proxy, or of Cilium, which chooses for each packet of a new connection, or for each socket. */
const MODES = ['iptables', 'nftables', 'ipvs', 'cilium/vxlan', 'cilium/native-ebpf'] as const;

interface Setup {
  readonly service?: Partial<ServiceObject>;
  readonly faults?: readonly FaultEvent[];
}

function worldIn(mode: string, { service = {}, faults = [] }: Setup = {}): World {
  const objects = STATE.objects.map((object) =>
    object.kind === 'Service' && object.name === 'web' ? { ...object, ...service } : object,
  );
  const [id = '', cniMode] = mode.split('/');
  const drivers = cniMode
    ? { cni: { id, mode: cniMode }, proxy: { id: 'none', mode: 'none' } }
    : { proxy: { id: 'kube-proxy', mode } };
  const built = buildWorld({ ...STATE, objects, faults, ...drivers });
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

function probe(options: Partial<Probe> = {}): Probe {
  if (!STATE.probe) throw new Error('the default scenario has a probe');
  return { ...STATE.probe, ...options };
}

function spread(world: World, connections: Connections, asked = probe(), seed = 7): Distribution {
  const result = distribute(world, asked, connections, seed);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const counts = ({ endpoints }: Distribution): readonly number[] => endpoints.map(({ count }) => count);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe.each(MODES)('many connections in mode %s', (mode) => {
  it.each([1, 10, 100, 1000] as const)('%i of them are all counted', (connections) => {
    const found = spread(worldIn(mode), connections);
    expect(sum(counts(found))).toBe(connections);
    expect(found.failures).toEqual([]);
    expect(sum(found.endpoints.map(({ share }) => share))).toBeCloseTo(1);
    expect(found.theory.verdict.fits).not.toBe('no');
  });

  it('go to one endpoint where the Service keeps its clients', () => {
    const found = spread(worldIn(mode, { service: { sessionAffinity: 'ClientIP' } }), 100);
    expect(counts(found).filter((count) => count > 0)).toEqual([100]);
    expect(found.theory).toMatchObject({ law: { kind: 'sticky' }, verdict: { fits: 'yes' } });
  });

  it('stay on the node where the Service says so', () => {
    const found = spread(worldIn(mode, { service: { internalTrafficPolicy: 'Local' } }), 100);
    expect(found.endpoints.filter(({ count }) => count > 0).map(({ node }) => node)).toEqual(['node-1']);
    expect(found.theory.law?.kind).toBe('one');
    expect(found.theory.verdict.words).toContain('2 ready endpoints of the Service get nothing');
  });

  it('ask for no endpoint, whatever the probe asks for', () => {
    const free = spread(worldIn(mode), 100);
    const forced = spread(worldIn(mode), 100, probe({ options: { endpoint: '10.244.1.2:8080' } }));
    expect(forced).toEqual(free);
  });

  it('are the same for the same seed', () => {
    expect(spread(worldIn(mode), 100)).toEqual(spread(worldIn(mode), 100));
  });

  it('name the pod behind each endpoint', () => {
    for (const { pod, endpoint } of spread(worldIn(mode), 10).endpoints) {
      expect(pod).toMatch(/^default\/web-/);
      expect(endpoint).toMatch(/^10\.244\.\d+\.\d+:8080$/);
    }
  });

  it('fail where nobody listens any more, and are counted all the same', () => {
    const world = worldIn(mode);
    const ns = world.cluster.pods.find(({ ip }) => ip === '10.244.1.2');
    const faults = [{ type: 'ListenerStopped', ns: `${ns?.namespace}/${ns?.name}`, proto: 'tcp', port: 8080 }] as const;
    const found = spread(worldIn(mode, { faults }), 100);
    const broken = found.endpoints.find(({ endpoint }) => endpoint === '10.244.1.2:8080');
    expect(broken?.failed).toBe(broken?.count);
    expect(found.failures).toEqual([{ outcome: 'refused', count: broken?.count }]);
    expect(sum(counts(found))).toBe(100);
  });

  it('end at once where there is nobody to choose', () => {
    const found = spread(worldIn(mode, { service: { selector: { app: 'nobody' } } }), 10);
    expect(found.endpoints).toEqual([]);
    expect(sum(found.failures.map(({ count }) => count))).toBe(10);
    expect(found.theory.law).toBeNull();
  });
});

/** The world, with another scheduler and weights in node-1. */
function scheduled(scheduler: SchedulerName, weights: readonly number[]): World {
  const world = worldIn('ipvs');
  const config = world.namespaces.get('node-1');
  if (!config) throw new Error('there is a node-1');
  const ipvs = config.ipvs?.map((virtual): VirtualServer => {
    const realServers = virtual.realServers.map((real, at) => ({ ...real, weight: weights[at] ?? 1 }));
    return { ...virtual, scheduler, realServers };
  });
  const changed = { ...config, ...(ipvs && { ipvs }) };
  const namespaces = new Map([...world.namespaces].map(([id, each]) => [id, id === 'node-1' ? changed : each]));
  return { ...world, namespaces };
}

describe('the laws of IPVS', () => {
  it.each(['rr', 'lc', 'wlc', 'sed', 'nq'] as const)('%s: counts differ by at most 1', (scheduler) => {
    const found = spread(scheduled(scheduler, [1, 1, 1]), 100);
    expect([...counts(found)].sort()).toEqual([33, 33, 34]);
    expect(found.theory.verdict.fits).toBe('yes');
  });

  it('wrr: by weight', () => {
    const found = spread(scheduled('wrr', [3, 1, 0]), 100);
    expect([...counts(found)].sort((a, b) => a - b)).toEqual([0, 25, 75]);
    expect(found.theory.verdict.fits).toBe('yes');
  });

  it.each(['sh', 'dh', 'mh'] as const)('%s: one client, one endpoint', (scheduler) => {
    const found = spread(scheduled(scheduler, [1, 1, 1]), 100);
    expect(counts(found).filter((count) => count > 0)).toEqual([100]);
    expect(found.theory).toMatchObject({ law: { kind: 'hash' }, verdict: { fits: 'yes' } });
  });
});

describe('schedulers as kube-proxy sets them up', () => {
  it.each(['ipvs-mh', 'ipvs-sh', 'ipvs-lc'])('%s: what theory expects is what comes', (mode) => {
    const found = spread(worldIn(mode), 1000);
    expect(sum(counts(found))).toBe(1000);
    expect(found.theory.verdict.fits).toBe('yes');
  });
});

describe('what is no connection to a Service', () => {
  it('a pod by its own address is one endpoint', () => {
    const world = worldIn('iptables');
    const [pod] = world.cluster.pods.filter(({ name }) => name.startsWith('web-'));
    const to = { kind: 'pod', ref: `${pod?.namespace}/${pod?.name}` } as const;
    const found = spread(world, 10, probe({ to, port: 8080 }));
    expect(found.endpoints).toMatchObject([{ pod: to.ref, count: 10, share: 1 }]);
  });

  it('ping has nothing to balance', () => {
    const { port: _, ...rest } = probe({ proto: 'ping' });
    expect(distribute(worldIn('iptables'), rest, 10, 1)).toMatchObject({ ok: false });
  });
});

describe('chiSquare', () => {
  // Values of the tables: 5.991 at 2 degrees leaves 5 of 100, 13.816 leaves 1 of 1,000, 3.841 at 1 degree 5 of 100.
  it.each([
    [[50, 50, 50], [50, 50, 50], 1],
    [[67, 50, 33], [50, 50, 50], 0.0031],
    [[60, 40], [50, 50], 0.0455],
  ])('%j against %j', (seen, expected, p) => {
    expect(chiSquare(seen, expected).p).toBeCloseTo(p, 2);
  });
});
