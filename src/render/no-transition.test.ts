import { selection } from 'd3-selection';
import { interrupt as aliased } from 'd3-transition';
import { expect, it } from 'vitest';
import { interrupt } from './no-transition.ts';

it('is what d3-zoom gets for d3-transition', () => {
  expect(aliased).toBe(interrupt);
});

it('lets d3-zoom interrupt a selection, which stays itself', () => {
  const some = Object.create(selection.prototype) as { interrupt(): unknown };
  expect(some.interrupt()).toBe(some);
});
