import { expect, it } from 'vitest';
import { LayeredMap } from './layered-map.ts';

it('shows what is on top first, and once', () => {
  const map = new LayeredMap(
    new Map([
      ['b', 1],
      ['c', 2],
    ]),
    new Map([
      ['a', 3],
      ['b', 4],
    ]),
  );
  expect([...map]).toEqual([
    ['b', 1],
    ['c', 2],
    ['a', 3],
  ]);
  expect([map.size, map.get('b'), map.get('a'), map.has('x')]).toEqual([3, 1, 3, false]);
});
