/** Where the rooms of one node stand: a fixed area with reserved slots, whatever the number of pods. */
import type { NsId } from '../sim/linux/config.ts';
import type { Room } from './picture.ts';
import type { Rect, RoomSize } from './plot.ts';

export interface RoomPlace {
  readonly room: Room;
  readonly size: RoomSize;
  readonly box: Rect;
  /** Where the process stands, where the pod's port is, and the free lane that its wire goes down in. */
  readonly process: { readonly x: number; readonly y: number };
  readonly port: { readonly x: number; readonly y: number };
  readonly laneX: number;
}

export interface PodArea {
  readonly rooms: readonly RoomPlace[];
  readonly fold: { readonly box: Rect; readonly count: number } | null;
}

/** Of the area that pods have on a node. Two columns of rooms, each with a lane for wires at its right. */
export const POD_AREA_W = 272;
export const POD_AREA_H = 80;
const COLUMN = 136;
const ROOM_W = 128;
const FULL_MAX = 4;

/** Where wires of the two rooms above chips pass between these. */
const ABOVE_CHIPS: readonly number[] = [90, 271];

interface Grid {
  readonly columns: number;
  readonly step: number;
  readonly width: number;
  readonly height: number;
  readonly pitch: number;
  readonly size: RoomSize;
  readonly top: number;
}

const TALL: Grid = {
  columns: 2,
  step: COLUMN,
  width: ROOM_W,
  height: POD_AREA_H,
  pitch: POD_AREA_H,
  size: 'tall',
  top: 0,
};
const FULL: Grid = { columns: 2, step: COLUMN, width: ROOM_W, height: 36, pitch: 44, size: 'full', top: 0 };
const LINES: Grid = { columns: 2, step: COLUMN, width: ROOM_W, height: 20, pitch: 30, size: 'line', top: 0 };
const CHIPS: Grid = { columns: 3, step: 91, width: 82, height: 16, pitch: 22, size: 'chip', top: 42 };

function slot(grid: Grid, index: number): { readonly box: Rect; readonly laneX: number } {
  const column = index % grid.columns;
  const row = Math.floor(index / grid.columns);
  const box = { x: column * grid.step, y: grid.top + row * grid.pitch, width: grid.width, height: grid.height };
  return { box, laneX: box.x + grid.width + 4 };
}

function place(room: Room, grid: Grid, index: number): RoomPlace {
  const { box, laneX } = slot(grid, index);
  const x = box.x + box.width - (grid.size === 'chip' ? 8 : 16);
  const bottom = box.y + box.height;
  const y = grid.size === 'tall' ? bottom - 18 : grid.size === 'full' ? bottom - 11 : box.y + box.height / 2;
  return { room, size: grid.size, box, process: { x, y }, port: { x, y: bottom }, laneX };
}

const folded = (room: Room, box: Rect): RoomPlace => {
  const at = { x: box.x + box.width - 8, y: box.y + box.height / 2 };
  return {
    room,
    size: 'folded',
    box,
    process: at,
    port: { x: at.x, y: box.y + box.height },
    laneX: box.x + box.width + 4,
  };
};

/** A crowded node: the rooms that matter now (or the first ones) in full, others as chips, the rest as a count. */
function crowd(rooms: readonly Room[], inFocus: ReadonlySet<NsId>): PodArea {
  const wanted = rooms.filter((room) => inFocus.has(room.element.ns));
  if (wanted.length <= 2) {
    const first = [...wanted, ...rooms.filter((room) => !wanted.includes(room))].slice(0, 2);
    const full = rooms.filter((room) => first.includes(room));
    const rest = rooms.filter((room) => !first.includes(room));
    const shown = rest.slice(0, rest.length <= 6 ? 6 : 5);
    const hidden = rest.slice(shown.length);
    const above = full.map((room, i) => ({ ...place(room, FULL, i), laneX: ABOVE_CHIPS[i] ?? 0 }));
    return withFold([...above, ...shown.map((room, i) => place(room, CHIPS, i))], hidden, slot(CHIPS, 5).box);
  }
  const grid = wanted.length <= 3 ? FULL : LINES;
  const shown = wanted.slice(0, grid === FULL ? 3 : 5);
  const hidden = rooms.filter((room) => !shown.includes(room));
  return withFold(
    shown.map((room, i) => place(room, grid, i)),
    hidden,
    slot(grid, grid === FULL ? 3 : 5).box,
  );
}

function withFold(shown: readonly RoomPlace[], hidden: readonly Room[], box: Rect): PodArea {
  if (hidden.length === 0) return { rooms: shown, fold: null };
  return { rooms: [...shown, ...hidden.map((room) => folded(room, box))], fold: { box, count: hidden.length } };
}

export function placePods(rooms: readonly Room[], inFocus: ReadonlySet<NsId>): PodArea {
  if (rooms.length > FULL_MAX) return crowd(rooms, inFocus);
  const grid = rooms.length <= 2 ? TALL : FULL;
  return { rooms: rooms.map((room, i) => place(room, grid, i)), fold: null };
}
