/** What the stage offers to whoever mounts it. The stage knows no store and no React; it is told what to show and reports gestures. */
import type { Trace } from '../sim/engine/trace.ts';
import type { World } from '../sim/engine/world.ts';
import type { Step } from '../sim/linux/step.ts';
import type { AllowArrow } from './allow-arrows.ts';
import type { PictureId } from './picture-id.ts';

/** Reports of what the person did. Ids are decoded by `refOf` of `picture-id.ts`. */
export interface StageCallbacks {
  /** A box was clicked or opened by Enter; null: the empty ground. */
  onSelect?(id: PictureId | null): void;
  /** The pointer or the keyboard focus is on a box; null: on none. */
  onHover?(id: PictureId | null): void;
  /** A line was drawn from a pod or outside machine (or a node's processes) to a pod, Service, node or outside machine. */
  onDragProbe?(fromId: PictureId, toId: PictureId): void;
  /** The zoom level changed; `scale` 1 is layout pixels. */
  onZoom?(scale: number, detail: Detail): void;
}

/** How much is drawn at a zoom level: node cards only, the usual picture, or also rule chains and MAC addresses. */
export type Detail = 'far' | 'middle' | 'near';

export type ZoomTarget =
  | { readonly kind: 'all' }
  /** One box with a margin around it. */
  | { readonly kind: 'element'; readonly id: PictureId }
  /** Everything that the current trace touches. */
  | { readonly kind: 'trace' }
  /** By a factor around the middle: 1.4 is in, 1 / 1.4 is out. */
  | { readonly kind: 'by'; readonly factor: number };

/** Unlabelled packets that run along one path again and again, for pictures of load. */
export interface CrowdFlow {
  /** Along the packets that steps tell of, or the shortest wire path between two boxes. */
  readonly along: { readonly steps: readonly Step[] } | { readonly from: PictureId; readonly to: PictureId };
  readonly packets: number;
  readonly tone: 'packet' | 'changed' | 'good' | 'stopped';
}

export interface StageStory {
  readonly born: readonly PictureId[];
  readonly fresh: readonly PictureId[];
  readonly unborn: readonly PictureId[];
}

export interface Stage {
  /** Draws another world. What stayed keeps its place; what moved glides. The camera is fitted again, except where the person zoomed and the ground is the same. */
  setWorld(world: World): void;
  /** Shows a trace's path, quietly; `setMoment` says how far the packet is. Null: no packet. */
  setTrace(trace: Trace | null): void;
  /**
   * Where the packet is: on its way to where step `step` happens (progress 0 to about 0.6) and what the step does there (to 1).
   * Jumps at once, for scrubbing and for a playhead that calls it every frame.
   */
  setMoment(step: number, progress?: number): void;
  /** The same, gliding there from the present moment along the wires in 200 to 700 ms; jumps when motion is not wanted. */
  glideTo(step: number): void;
  /** Things that stand, that just appeared, and that do not exist yet, in a story that the page tells. Null: no story. */
  setStory(story: StageStory | null): void;
  /** Who may talk to whom, drawn lightly; none: nothing of it. */
  setArrows(arrows: readonly AllowArrow[]): void;
  setCrowd(flows: readonly CrowdFlow[]): void;
  setSelection(id: PictureId | null): void;
  /** The page's theme (`data-theme` on the root element) is now this: colours that are painted, not styled, are read again. */
  setTheme(theme: 'light' | 'dark' | 'system'): void;
  zoomTo(target: ZoomTarget): void;
  /** The same as `zoomTo({ kind: 'all' })`; the stage then stays fitted through resizes and new worlds until the person zooms. */
  fit(): void;
  /** Call it when the host's size changed for another reason than a resize that a ResizeObserver sees. */
  resize(): void;
  destroy(): void;
}
