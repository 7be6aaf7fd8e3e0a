import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sample } from './crowd.ts';

const points = fc.array(fc.record({ x: fc.integer({ min: 0, max: 900 }), y: fc.integer({ min: 0, max: 400 }) }), {
  minLength: 2,
  maxLength: 12,
});

it('samples start and end where the path does, and are equally far apart along it', () => {
  fc.assert(
    fc.property(points, (path) => {
      const { xy, lengthPx } = sample(path);
      const n = xy.length / 2 - 1;
      expect([xy[0], xy[1]]).toEqual([path[0]!.x, path[0]!.y]);
      expect(xy[2 * n]).toBeCloseTo(path.at(-1)!.x, 1);
      expect(xy[2 * n + 1]).toBeCloseTo(path.at(-1)!.y, 1);
      for (let i = 1; i <= n; i++) {
        const step = Math.hypot(xy[2 * i]! - xy[2 * i - 2]!, xy[2 * i + 1]! - xy[2 * i - 1]!);
        expect(step).toBeLessThanOrEqual(lengthPx / n + 0.05);
      }
    }),
    { numRuns: 60 },
  );
});
