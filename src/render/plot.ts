/** What a layout is made of: boxes that have a place, marks between them, and the wires. */
import type { NsId } from '../sim/linux/config.ts';
import type { PictureElement } from './picture.ts';
import type { PictureId } from './picture-id.ts';
import type { PointId, WireNet } from './wire-net.ts';

/** How much of a pod is drawn: with all words, name and address, name only, or as one of a count. */
export type RoomSize = 'tall' | 'full' | 'line' | 'chip' | 'folded';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface LayoutBox {
  readonly element: PictureElement;
  readonly rect: Rect;
  /** How much of a pod is drawn. */
  readonly size?: RoomSize;
  /** A gate that packets pass upwards or downwards rather than from left to right. */
  readonly isUpright?: true;
}

/** A box that cannot be selected: the kernel's field, the gates on a bridge. */
export interface LayoutMark {
  readonly key: string;
  readonly kind: 'kernel' | 'bridge-hook' | 'port' | 'underlay-line' | 'tunnel-line' | 'rail' | 'arrow' | 'program';
  readonly rect: Rect;
  readonly label: string;
  /** The box that it belongs to. */
  readonly of: PictureId;
}

export interface Layout {
  readonly bounds: Rect;
  readonly boxes: ReadonlyMap<PictureId, LayoutBox>;
  readonly marks: readonly LayoutMark[];
  readonly net: WireNet;
  /** Pods that are only counted, by the box of that count. */
  readonly foldedInto: ReadonlyMap<PictureId, PictureId>;
}

export interface Plot {
  readonly boxes: Map<PictureId, LayoutBox>;
  readonly marks: LayoutMark[];
  readonly net: WireNet;
  readonly foldedInto: Map<PictureId, PictureId>;
}

/** Names of the points that steps of a trace lead to. */
export const pointOf = {
  dev: (ns: NsId, dev: string, dir: 'in' | 'out'): PointId => `${ns}!dev!${dev}!${dir}`,
  hook: (ns: NsId, hook: string, family: 'ip' | 'bridge'): PointId => `${ns}!${family}!${hook}`,
  place: (ns: NsId, name: string): PointId => `${ns}!${name}`,
};
