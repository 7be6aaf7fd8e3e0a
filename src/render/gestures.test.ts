import { expect, it } from 'vitest';
import { neighbourOf } from './gestures.ts';
import { layoutPicture } from './layout.ts';
import { makeUpWorld } from './made-up-world.ts';
import { makePicture } from './picture.ts';

const { boxes } = layoutPicture(makePicture(makeUpWorld({ nodes: 3, pods: 2, shape: 'overlay' })));
const LEFT = [-1, 0] as const;
const RIGHT = [1, 0] as const;
const UP = [0, -1] as const;
const DOWN = [0, 1] as const;

it.each<[string, readonly [number, number], string, string]>([
  ['ns:default/web-1', RIGHT, 'ns:default/client-1', 'the next room'],
  ['ns:default/client-1', RIGHT, 'ns:default/web-2', 'over the wall to the next node'],
  ['ns:default/web-1', DOWN, 'dev:node-1!cni0', 'down the wire'],
  ['hook:node-1!PREROUTING', RIGHT, 'route:node-1', 'along the lane'],
  ['hook:node-1!POSTROUTING', UP, 'dev:node-1!cni0', 'up to the bridge'],
  ['ns:node-1', RIGHT, 'ns:node-2', 'machines are among themselves'],
  ['ns:node-1', UP, 'svc:default/web', 'above them is the shelf'],
  ['svc:default/api', LEFT, 'svc:default/web', 'on the shelf'],
])('from %s %j leads to %s: %s', (from, direction, to) => {
  expect(neighbourOf(boxes, from, direction)).toBe(to);
});

it('says when there is nothing further', () => {
  expect(neighbourOf(boxes, 'ns:node-1', LEFT)).toBeNull();
  expect(neighbourOf(boxes, 'ns:nobody', LEFT)).toBeNull();
});
