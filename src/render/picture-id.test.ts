import { expect, it } from 'vitest';
import { idOf, type PictureRef, refOf } from './picture-id.ts';

const rows: readonly (readonly [PictureRef, string])[] = [
  [{ kind: 'ns', ns: 'default/web-1' }, 'ns:default/web-1'],
  [{ kind: 'dev', ns: 'node-1', dev: 'flannel.1' }, 'dev:node-1!flannel.1'],
  [{ kind: 'hook', ns: 'node-1', hook: 'FORWARD' }, 'hook:node-1!FORWARD'],
  [{ kind: 'route', ns: 'node-1' }, 'route:node-1'],
  [{ kind: 'sockets', ns: 'node-1' }, 'sockets:node-1'],
  [{ kind: 'conntrack', ns: 'node-1' }, 'conntrack:node-1'],
  [{ kind: 'fold', ns: 'node-1' }, 'fold:node-1'],
  [{ kind: 'svc', ref: 'default/web' }, 'svc:default/web'],
  [{ kind: 'more-services' }, 'more-services'],
];

it.each(rows)('%j is named %s, and back', (ref, id) => {
  expect(idOf(ref)).toBe(id);
  expect(refOf(id)).toEqual(ref);
});

it.each(['', 'nonsense', 'pod:default/web-1'])('%j names nothing', (id) => {
  expect(refOf(id)).toBeNull();
});
