import { describe, expect, it } from 'vitest';
import { layoutPicture } from './layout.ts';
import { makeUpTrace } from './made-up-trace.ts';
import { makeUpWorld } from './made-up-world.ts';
import { glideBetween, indexTrace, momentAt } from './moment.ts';
import { makePicture } from './picture.ts';
import { pathOf } from './route-of-packet.ts';

const layout = layoutPicture(makePicture(makeUpWorld({ nodes: 3, pods: 2, shape: 'overlay' })));
const indexOf = (trace: ReturnType<typeof makeUpTrace>) => indexTrace(trace, pathOf(trace, layout));
const index = indexOf(makeUpTrace());
const { steps } = index.trace;
const at = (kind: string): number => steps.findIndex((step) => step.kind === kind);

describe('a moment', () => {
  it('shows the packet as it was until the step has happened', () => {
    const [onTheWay, done] = [momentAt(index, layout, at('encap'), 0.1)!, momentAt(index, layout, at('encap'), 1)!];
    expect(onTheWay.envelopes.length).toBe(1);
    expect(done.envelopes.length).toBe(2);
    expect(done.change).toEqual({ wrapped: 'on' });
  });

  it('shines on what this step is about, and keeps what was passed', () => {
    const { here, passed } = momentAt(index, layout, at('route'), 1)!;
    expect([...here]).toEqual(['ns:node-1', 'route:node-1']);
    expect(passed.has('dev:node-1!cni0')).toBe(true);
    expect(passed.has('dev:node-1!eth0')).toBe(false);
  });

  it('ends with a check or with a stop and the reason', () => {
    expect(momentAt(index, layout, steps.length - 1, 1)).toMatchObject({
      fate: 'good',
      fateWords: 'delivered to nginx',
    });
    const dropped = indexOf(makeUpTrace('FORWARD'));
    const last = dropped.trace.steps.length - 1;
    expect(momentAt(dropped, layout, last, 1)).toMatchObject({
      fate: 'stopped',
      fateWords: 'a NetworkPolicy rule dropped it',
    });
    expect(momentAt(dropped, layout, last, 0)).toMatchObject({ fate: 'on-its-way' });
  });

  it('is nothing outside the trace', () => {
    expect(momentAt(index, layout, 999, 1)).toBeNull();
  });
});

describe('a glide', () => {
  it('starts where the packet is, ends at the step, never goes back, and takes 220 to 720 ms', () => {
    const glide = glideBetween(index, { step: 3, progress: 0.5 }, 20)!;
    expect(glide.durationMs).toBeGreaterThanOrEqual(220);
    expect(glide.durationMs).toBeLessThanOrEqual(720);
    expect(glide.at(0)).toEqual({ step: 3, progress: 0.5 });
    expect(glide.at(1)).toEqual({ step: 20, progress: 1 });
    let last = 0;
    for (let share = 0; share <= 1; share += 0.01) {
      const { step, progress } = glide.at(share);
      expect(step + progress).toBeGreaterThanOrEqual(last - 1e-9);
      last = step + progress;
    }
  });

  it('does not run backwards: that is a jump', () => {
    expect(glideBetween(index, { step: 9, progress: 1 }, 4)).toBeNull();
  });
});
