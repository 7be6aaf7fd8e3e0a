import { describe, expect, it } from 'vitest';
import { must } from '../../sim/base/assert.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { costCurve } from '../../sim/engine/cost-curve.ts';
import { distribute } from '../../sim/engine/distribute.ts';
import { DEFAULT_SCENARIO } from '../../sim/scenario/defaults.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import { type Bench, type Client, createOffice, type Office } from './office.ts';
import { type AnyWork, type Crew, createCrew, type End, type Slice, type Work, type WorkKind } from './work.ts';
import { createWorkshop } from './workshop.ts';

const state = foldScenario(DEFAULT_SCENARIO);
const probe = must(state.probe, 'a probe');
const modes = [
  { id: 'kube-proxy', mode: 'iptables' },
  { id: 'kube-proxy', mode: 'nftables' },
] as const;
const curve = (size: number): AnyWork => ({ kind: 'curve', state, probe, modes, size });
const load = (connections: 10 | 100): Work<'load'> => ({ kind: 'load', state, probe, connections, seed: 1 });

interface Site {
  readonly office: Office;
  /** Lets the worker take one turn; false: it has nothing to do. */
  readonly turn: () => boolean;
  readonly opened: () => number;
  readonly bench: () => Bench;
}

/** An office with a worker that runs here. What goes between them is copied as a browser copies it. */
function makeSite(crew: Crew = createCrew()): Site {
  const turns: (() => void)[] = [];
  const benches: Bench[] = [];
  const office = createOffice(() => {
    const take = createWorkshop(
      crew,
      (news) => bench.onmessage?.({ data: structuredClone(news) }),
      (turn) => turns.push(turn),
    );
    const bench: Bench = { onmessage: null, onerror: null, postMessage: (order) => take(structuredClone(order)) };
    benches.push(bench);
    return bench;
  });
  const turn = (): boolean => {
    const next = turns.shift();
    next?.();
    return next !== undefined;
  };
  return { office, turn, opened: () => benches.length, bench: () => must(benches.at(-1), 'a bench') };
}

interface Told extends Client {
  readonly slices: Slice<WorkKind>[];
  readonly ends: End<WorkKind>[];
  readonly failures: string[];
}

function listen(): Told {
  const [slices, ends, failures]: [Slice<WorkKind>[], End<WorkKind>[], string[]] = [[], [], []];
  return {
    slices,
    ends,
    failures,
    onSlice: (slice) => slices.push(slice),
    onEnd: (end) => ends.push(end),
    onFail: (why) => failures.push(why),
  };
}

function finish({ turn }: Site): number {
  let turns = 0;
  while (turn()) turns += 1;
  return turns;
}

describe('work beside the page', () => {
  it('counts what the engine counts, in slices, and remembers it', () => {
    const site = makeSite();
    const told = listen();
    site.office.begin(curve(10), told);
    expect(finish(site)).toBeGreaterThan(4);
    const points = [...costCurve(state, probe, modes, [0, 10])].filter((point) => point !== null);
    expect(told.ends).toEqual([points]);
    expect(told.slices.length).toBeGreaterThan(points.length);

    const again = listen();
    site.office.begin(curve(10), again);
    expect(finish(site)).toBe(1);
    expect(again).toMatchObject({ ends: [points], slices: [] });
  });

  it('makes the connections that the engine makes, and says where each kind of them came by', () => {
    const site = makeSite();
    const told = listen();
    site.office.begin(load(100), told);
    finish(site);
    const built = buildWorld(state);
    if (!built.ok) throw new Error('the default scenario has a world');
    const made = distribute(built.value, probe, 100, 1);
    expect(told.slices).toEqual([20, 40, 60, 80, 100]);
    expect(told.ends).toEqual([made]);
    if (!made.ok) throw new Error('connections can be made');
    const elsewhere = made.value.endpoints.find(({ node, count }) => node !== 'node-1' && count > 0);
    expect(elsewhere?.way.map(({ kind }) => kind)).toContain('encap');
    expect(elsewhere?.way.at(-1)?.ns).toBe(elsewhere?.pod);
  });

  it('says why there is nothing to count', () => {
    const site = makeSite();
    const told = listen();
    const broken = { ...state, serviceCIDR: '10.244.0.0/16' };
    site.office.begin({ ...load(10), state: broken }, told);
    finish(site);
    expect(told.ends).toMatchObject([{ ok: false, error: expect.stringMatching(/./) }]);
  });

  it('ends when other work comes, or when nobody waits any more', () => {
    const site = makeSite();
    const [first, second] = [listen(), listen()];
    site.office.begin(curve(100), first);
    site.turn();
    const stop = site.office.begin(load(100), second);
    site.turn();
    site.turn();
    stop();
    expect(finish(site)).toBeLessThan(3);
    expect(first.ends).toEqual([]);
    expect(second).toMatchObject({ ends: [], failures: [] });
    expect(site.opened()).toBe(1);
  });

  it('a worker that dies is told of, and the next work has a new one', () => {
    const site = makeSite();
    const told = listen();
    site.office.begin(curve(0), told);
    site.bench().onerror?.({ message: 'the worker is gone' });
    finish(site);
    expect(told).toMatchObject({ ends: [], failures: ['the worker is gone'] });
    const next = listen();
    site.office.begin(curve(0), next);
    finish(site);
    expect(next.ends.length).toBe(1);
    expect(site.opened()).toBe(2);
  });

  it('a slice that throws ends its work with the reason', () => {
    const site = makeSite(function* () {
      yield 1;
      throw new Error('a broken invariant');
    });
    const told = listen();
    site.office.begin(load(10), told);
    finish(site);
    expect(told).toMatchObject({ slices: [1], ends: [], failures: ['a broken invariant'] });
  });
});
