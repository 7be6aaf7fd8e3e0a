import type { ReactNode } from 'react';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';

/** What each view of the Rules tab gets. */
export interface ViewProps {
  readonly trace: Trace;
  readonly world: World;
  /** The way to the other views: the first thing in a view's head. */
  readonly switcher: ReactNode;
}
