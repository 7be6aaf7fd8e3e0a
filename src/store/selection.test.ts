import { expect, it } from 'vitest';
import { createSelection } from './selection.ts';

it('selects and hovers apart, and tells only what is new', () => {
  const selection = createSelection();
  let told = 0;
  selection.subscribe(() => told++);
  selection.select({ kind: 'device', ns: 'node-1', id: 'cni0' });
  selection.select({ kind: 'device', ns: 'node-1', id: 'cni0' });
  selection.hover({ kind: 'pod', id: 'default/web-1' });
  expect(selection.getState()).toEqual({
    selected: { kind: 'device', ns: 'node-1', id: 'cni0' },
    hovered: { kind: 'pod', id: 'default/web-1' },
  });
  selection.select(null);
  expect(selection.getState().selected).toBeNull();
  expect(told).toBe(3);
});
