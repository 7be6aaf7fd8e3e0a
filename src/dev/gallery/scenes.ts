/** What the gallery can show. */
import { makeUpTrace } from '../../render/made-up-trace.ts';
import { type MadeUp, makeUpWorld } from '../../render/made-up-world.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';

export interface GalleryScene {
  readonly world: World;
  readonly trace: Trace | null;
}

const MADE_UP: Readonly<Record<string, MadeUp>> = {
  one: { nodes: 1, pods: 3, shape: 'overlay' },
  two: { nodes: 2, pods: [2, 4], shape: 'overlay' },
  three: { nodes: 3, pods: 2, shape: 'overlay' },
  long: { nodes: 3, pods: [4, 7, 3], shape: 'overlay', longNames: true, services: 9 },
  bridge: { nodes: 3, pods: 2, shape: 'bridge' },
  routed: { nodes: 3, pods: 3, shape: 'routed' },
  eight: { nodes: 8, pods: [2, 3, 4, 5, 6, 7, 8, 12], shape: 'overlay' },
  crowd: { nodes: 4, pods: 25, shape: 'overlay', services: 10 },
  huge: { nodes: 100, pods: 10, shape: 'overlay', services: 10 },
};

export function makeScene(name: string): GalleryScene {
  const [base = 'three', variant] = name.split('-');
  const made = MADE_UP[base] ?? (MADE_UP.three as MadeUp);
  const world = makeUpWorld(made);
  const known =
    world.namespaces.has('default/client-1') && world.namespaces.has('default/web-2') && made.shape === 'overlay';
  return { world, trace: known ? makeUpTrace(variant === 'drop' ? 'FORWARD' : null) : null };
}
