import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ok } from '../sim/base/result.ts';
import type { Beat, BeatMark, Trace } from '../sim/engine/trace.ts';
import type { World } from '../sim/engine/world.ts';
import { createDocument } from './document.ts';
import { createPlayhead, followTrace, type Playhead, SPEED_MAX, SPEED_MIN } from './playhead.ts';
import { createSession } from './session.ts';

/** `steps` steps, with beats at the given ones. */
function makeTrace(steps: number, beats: Readonly<Record<number, BeatMark>>): Trace {
  return {
    steps: Array.from({ length: steps }, (_, i) => ({ i })),
    beats: Object.entries(beats).map(
      ([step, mark]): Beat => ({ step: Number(step), mark, packet: 'p1', lane: 'request', ns: 'a', title: mark }),
    ),
  } as unknown as Trace;
}

const trace = makeTrace(10, { 0: 'send', 3: 'device', 5: 'dnat', 8: 'deliver' });

function loaded(at?: number): Playhead {
  const playhead = createPlayhead();
  playhead.load(trace, at);
  return playhead;
}

function tickFor(playhead: Playhead, ms: number): void {
  for (let spent = 0; spent < ms; spent += 20) playhead.tick(20);
}

describe('a playhead', () => {
  it('plays a new trace from its start', () => {
    const playhead = loaded();
    expect(playhead.getState()).toMatchObject({ step: 0, playing: true });
  });

  it('stands at the step that was asked for, also one between beats', () => {
    const playhead = loaded(4);
    expect(playhead.getState()).toMatchObject({ step: 4, previousStep: 4, playing: false });
    expect(playhead.progress()).toBe(1);
  });

  it.each<[string, (playhead: Playhead) => void, number]>([
    ['forward to the next beat', (p) => p.stepBy(1), 5],
    ['back to the previous beat', (p) => p.stepBy(-1), 3],
    ['to the next step, in detail', (p) => [p.setDetail('steps'), p.stepBy(1)], 5],
    ['to the previous step, in detail', (p) => [p.setDetail('steps'), p.stepBy(-1), p.stepBy(-1)], 2],
    ['to a marker', (p) => p.nextMark(['deliver']), 8],
    ['to the next decision', (p) => p.nextMark(), 5],
    ['nowhere without such a marker', (p) => p.nextMark(['drop']), 4],
    ['back to a marker', (p) => p.prevMark(['send']), 0],
    ['to the nearer end', (p) => p.seek(99), 9],
    ['to the start', (p) => p.seek(-1), 0],
    ['to the start for no number', (p) => p.seek(Number.NaN), 0],
  ])('goes %s', (_name, act, step) => {
    const playhead = loaded(4);
    act(playhead);
    expect(playhead.getState().step).toBe(step);
  });

  it('walks a single step while it does not play', () => {
    const playhead = loaded(3);
    playhead.stepBy(1);
    expect(playhead.getState()).toMatchObject({ previousStep: 3, step: 5, playing: false });
    expect(playhead.progress()).toBe(0);
    tickFor(playhead, 180);
    expect(playhead.progress()).toBeCloseTo(0.5);
    tickFor(playhead, 5000);
    expect(playhead.progress()).toBe(1);
    expect(playhead.getState().step).toBe(5);
  });

  it('stands where it is when the detail changes', () => {
    const playhead = loaded(3);
    playhead.stepBy(1);
    playhead.setDetail('steps');
    expect(playhead.getState()).toMatchObject({ step: 5, previousStep: 5 });
    expect(playhead.progress()).toBe(1);
  });

  it('has its progress ready when it tells of a step', () => {
    const playhead = loaded(3);
    const told: number[] = [];
    playhead.subscribe(() => told.push(playhead.progress()));
    playhead.stepBy(1);
    playhead.seek(0);
    expect(told).toEqual([0, 1]);
  });

  it('lingers longer at a decision than at a device', () => {
    const msAt = (step: number): number => {
      const playhead = loaded(step);
      playhead.play();
      let ms = 0;
      for (; playhead.getState().step === step; ms += 10) playhead.tick(10);
      return ms;
    };
    expect(msAt(5)).toBeGreaterThan(2 * msAt(3));
  });

  it('goes faster with speed, and stops at the end', () => {
    const msToEnd = (speed: number): number => {
      const playhead = createPlayhead({ speed });
      playhead.load(trace);
      let ms = 0;
      for (; playhead.getState().playing; ms += 10) playhead.tick(10);
      expect(playhead.getState().step).toBe(8);
      return ms;
    };
    expect(msToEnd(1) / msToEnd(2)).toBeCloseTo(2, 1);
  });

  it('plays again from the start when it stands at the end', () => {
    const playhead = loaded(8);
    playhead.toggle();
    expect(playhead.getState()).toMatchObject({ step: 0, playing: true });
    playhead.toggle();
    expect(playhead.getState().playing).toBe(false);
  });

  it('does not jump after the tab slept', () => {
    const playhead = loaded();
    playhead.tick(60_000);
    expect(playhead.getState().step).toBeLessThanOrEqual(3);
  });

  it('tells its subscribers of steps, not of frames', () => {
    const playhead = loaded();
    const told: number[] = [];
    playhead.subscribe(({ step }) => told.push(step));
    tickFor(playhead, 30_000);
    expect(told).toEqual([3, 5, 8, 8]);
  });

  it.each([
    [0, SPEED_MIN],
    [99, SPEED_MAX],
    [2, 2],
  ])('keeps speed %d within its range', (asked, speed) => {
    const playhead = createPlayhead();
    playhead.setSpeed(asked);
    expect(playhead.getState().speed).toBe(speed);
  });

  it('stands still without a trace', () => {
    const playhead = createPlayhead();
    playhead.play();
    playhead.stepBy(1);
    playhead.tick(1000);
    expect(playhead.getState()).toMatchObject({ step: 0, playing: false });
    playhead.load(null);
    expect(playhead.getState()).toMatchObject({ step: 0, playing: false });
  });

  it('follows the session', () => {
    const document = createDocument({ events: [] });
    const session = createSession(document, {
      buildWorld: () => ok({} as World),
      trace: () => trace,
      describeChange: () => null,
    });
    const playhead = createPlayhead();
    const stop = followTrace(playhead, session);
    const probe = { from: { kind: 'pod', ref: 'a/b' }, to: { kind: 'node', ref: 'node-1' }, proto: 'ping' } as const;
    document.apply({ type: 'ProbeSet', probe });
    expect(playhead.getState().playing).toBe(true);
    stop();
    document.undo();
    expect(playhead.getState().playing).toBe(true);
  });
});

describe('laws of a playhead', () => {
  const anyTrace = fc
    .integer({ min: 0, max: 30 })
    .chain((length) =>
      fc
        .uniqueArray(fc.integer({ min: 0, max: Math.max(0, length - 1) }), { maxLength: length })
        .map((beats) =>
          makeTrace(length, Object.fromEntries(beats.map((step) => [step, step % 2 ? 'dnat' : 'device'] as const))),
        ),
    );
  const anyAct = fc.oneof(
    fc.integer({ min: -5, max: 40 }).map((step) => (p: Playhead) => p.seek(step)),
    fc.integer({ min: 0, max: 2000 }).map((ms) => (p: Playhead) => p.tick(ms)),
    fc.constantFrom<(p: Playhead) => void>(
      (p) => p.play(),
      (p) => p.toggle(),
      (p) => p.stepBy(1),
      (p) => p.stepBy(-1),
      (p) => p.nextMark(),
      (p) => p.prevMark(),
      (p) => p.setDetail('steps'),
      (p) => p.setDetail('beats'),
      (p) => p.setSpeed(9),
    ),
    anyTrace.map((other) => (p: Playhead) => p.load(other)),
  );

  it('never leaves its trace, and its progress never leaves 0 to 1', () => {
    fc.assert(
      fc.property(anyTrace, fc.array(anyAct, { maxLength: 40 }), (first, acts) => {
        const playhead = createPlayhead();
        let length = first.steps.length;
        const load = playhead.load;
        playhead.load = (next, at) => {
          length = next?.steps.length ?? 0;
          load(next, at);
        };
        playhead.load(first);
        for (const act of acts) {
          act(playhead);
          const { step, previousStep } = playhead.getState();
          expect(step).toBeLessThanOrEqual(Math.max(0, length - 1));
          expect(previousStep).toBeLessThanOrEqual(Math.max(0, length - 1));
          expect(Math.min(step, previousStep)).toBeGreaterThanOrEqual(0);
          expect(playhead.progress()).toBeGreaterThanOrEqual(0);
          expect(playhead.progress()).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
