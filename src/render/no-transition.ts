/**
 * Stands in for d3-transition, which d3-zoom imports only to end transitions that are under way: nobody here starts any, because motion
 * belongs to the frame loop. Leaving the real one (and d3-color with it) out takes 4 kB off the first load. The alias is in
 * `vite.config.ts`.
 */
import { selection } from 'd3-selection';

selection.prototype.interrupt = function interruptNothing(this: unknown) {
  return this;
};

/** Ends the transitions of an element: there are none. */
export function interrupt(): void {}
