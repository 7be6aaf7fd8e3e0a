import { describe, expect, it } from 'vitest';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { ScenarioState } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import { costOf } from './cost.ts';
import { type CostPoint, costCurve, type ProxyMode } from './cost-curve.ts';

const STATE = foldScenario(DEFAULT_SCENARIO);
const MODES = ['iptables', 'nftables', 'ipvs'].map((mode) => ({ id: 'kube-proxy', mode }));

function curve(state: ScenarioState, modes: readonly ProxyMode[], sizes: readonly number[]): readonly CostPoint[] {
  if (!state.probe) throw new Error('there is a probe');
  return [...costCurve(state, state.probe, modes, sizes)].filter((point) => point !== null);
}

function counted(points: readonly CostPoint[], mode: string) {
  return points
    .filter(({ proxy }) => proxy.mode === mode)
    .map(({ result }) => {
      if (result.kind !== 'counted') throw new Error(result.why);
      const { first, installed } = result;
      return { ...first, installed: installed.rules + installed.entries };
    });
}

describe('what a packet costs', () => {
  it.each(MODES)('is most for the packet that opens the conversation ($mode)', (proxy) => {
    const built = buildWorld({ ...STATE, proxy });
    if (!built.ok || !STATE.probe) throw new Error('the default scenario has a world');
    const { first, whole } = costOf(traceProbe(built.value, STATE.probe), built.value);
    expect(first.rules).toBeGreaterThan(0);
    expect(whole.rules).toBeGreaterThanOrEqual(first.rules);
    expect(first.lookups > 0).toBe(proxy.mode !== 'iptables');
  });
});

describe('the cost of a larger cluster', () => {
  const points = curve(STATE, MODES, [0, 10, 100, 200]);

  it('grows with the Services in iptables mode: so many rules for each that is added', () => {
    const [none = 0, ten = 0, hundred = 0, twoHundred = 0] = counted(points, 'iptables').map(({ rules }) => rules);
    const each = (ten - none) / 10;
    expect(each).toBeGreaterThan(0);
    expect([hundred - none, twoHundred - none]).toEqual([100 * each, 200 * each]);
  });

  it.each(['nftables', 'ipvs'])('is the same however many there are in mode %s', (mode) => {
    const costs = counted(points, mode);
    expect(new Set(costs.map(({ rules, lookups }) => `${rules} ${lookups}`)).size).toBe(1);
  });

  it.each(['iptables', 'nftables', 'ipvs'])('grows in what is installed in every mode (%s)', (mode) => {
    const [none = 0, ten = 0, hundred = 0, twoHundred = 0] = counted(points, mode).map(({ installed }) => installed);
    expect(ten).toBeGreaterThan(none);
    expect((twoHundred - none) / (hundred - none)).toBeCloseTo(2, 1);
  });

  it('counts a mode in which the packet does not arrive once', () => {
    const none = curve(STATE, [{ id: 'none', mode: 'none' }], [0, 10]);
    expect(none.map(({ added, result }) => [added, result.kind === 'counted' && result.good])).toEqual([[0, false]]);
  });

  it('is the same with eBPF maps, whose entries are installed, and nothing else', () => {
    const proxy = { id: 'none', mode: 'none' };
    const state = { ...STATE, cni: { id: 'cilium', mode: 'vxlan-kpr' }, proxy };
    const [small, large] = curve(state, [proxy], [0, 100]).map(({ result }) => result);
    if (small?.kind !== 'counted' || large?.kind !== 'counted') throw new Error('both clusters can be built');
    expect(large.first).toEqual(small.first);
    expect(large.installed.rules).toBe(small.installed.rules);
    // Of each Service: itself and three endpoints, and the address for answers. The endpoints are known already.
    expect(large.installed.entries - small.installed.entries).toBe(100 * 5);
  });

  it('says why there is no such cluster', () => {
    const [, full] = curve({ ...STATE, serviceCIDR: '10.96.0.0/28' }, MODES.slice(0, 1), [0, 100]);
    expect(full?.result).toMatchObject({ kind: 'refused', why: expect.stringContaining('range is full') });
  });

  it('leaves the addresses of what was there', () => {
    const built = buildWorld(STATE);
    const service = built.ok ? built.value.cluster.services.find(({ name }) => name === 'web') : undefined;
    const probe = STATE.probe && { ...STATE.probe, to: { kind: 'ip', ip: service?.clusterIP ?? '' } as const };
    const [point] = curve({ ...STATE, probe }, MODES.slice(0, 1), [100]);
    expect(point?.result).toMatchObject({ kind: 'counted', good: true });
  });
});
