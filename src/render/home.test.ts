import { expect, it } from 'vitest';
import { homeOf } from './home.ts';
import { layoutPicture } from './layout.ts';
import { makeUpWorld } from './made-up-world.ts';
import { makePicture } from './picture.ts';
import type { Rect } from './plot.ts';

const layoutOf = (nodes: number) => layoutPicture(makePicture(makeUpWorld({ nodes, pods: 2, shape: 'overlay' })));
const viewOf = (width: number, height: number) => (rect: Rect) => Math.min(width / rect.width, height / rect.height);
const node = (layout: ReturnType<typeof layoutOf>, index: number) =>
  [...layout.boxes.values()].filter(({ element }) => element.kind === 'node')[index]!;

it('shows everything where that can be read', () => {
  const layout = layoutOf(3);
  const touched = new Set([node(layout, 0).element.id]);
  expect(homeOf(layout, touched, viewOf(919, 430))).toEqual(layout.bounds);
});

it('comes closer to the packet where everything would be too small', () => {
  const layout = layoutOf(8);
  const [first, second] = [node(layout, 0), node(layout, 1)];
  const home = homeOf(layout, new Set([first.element.id, second.element.id]), viewOf(919, 430));
  expect(home.width).toBe(second.rect.x + second.rect.width - first.rect.x);
  expect(home.height).toBeLessThan(layout.bounds.height / 2);
});

it('shows everything when the packet goes everywhere, or nowhere', () => {
  const layout = layoutOf(8);
  expect(homeOf(layout, new Set(layout.boxes.keys()), viewOf(919, 430))).toEqual(layout.bounds);
  expect(homeOf(layout, new Set(), viewOf(919, 430))).toEqual(layout.bounds);
});
