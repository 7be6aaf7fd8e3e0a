/** Paints the part of the matrix that is in view. What it says is told beside it, for those who do not see it. */
import { type CellState, CLOSED, type MatrixCells, type MatrixLine } from './matrix-cells.ts';

export interface MatrixSizes {
  readonly cell: number;
  readonly rowHead: number;
  readonly columnHead: number;
}

export interface CellAt {
  readonly row: number;
  readonly column: number;
}

export interface MatrixPicture {
  readonly cells: MatrixCells;
  readonly sizes: MatrixSizes;
  readonly scroll: { readonly x: number; readonly y: number };
  readonly view: { readonly width: number; readonly height: number };
  readonly at: CellAt | null;
  readonly pinned: CellAt | null;
  readonly showsFocus: boolean;
}

/** Pixels of a letter, near enough to give names their room before anything is drawn. */
const LETTER_PX = 6.6;

/** With few lines a cell has room for its glyph; names have the room that the longest needs, to a point. */
export function sizesOf(lines: readonly MatrixLine[]): MatrixSizes {
  const cell = lines.length <= 24 ? 24 : lines.length <= 80 ? 20 : 14;
  const longest = Math.max(0, ...lines.map(({ label, count }) => `${label} (${count}) ▸`.length)) * LETTER_PX;
  const room = (min: number, max: number): number => Math.round(Math.min(max, Math.max(min, longest + 12)));
  return { cell, rowHead: room(112, 240), columnHead: room(64, 128) };
}

interface Colours {
  readonly [name: string]: string;
}

const NAMES = [
  'text',
  'text-quiet',
  'line',
  'line-strong',
  'surface',
  'surface-sunken',
  'good',
  'good-soft',
  'stopped',
  'stopped-soft',
  'changed',
  'packet',
  'focus',
] as const;

const LOOKS: Readonly<Record<CellState, readonly [ground: string, ink: string]>> = {
  allowed: ['good-soft', 'good'],
  denied: ['stopped-soft', 'stopped'],
  partly: ['surface-sunken', 'text'],
  unknown: ['surface-sunken', 'text-quiet'],
  unasked: ['surface', 'text-quiet'],
};

export function drawMatrix(canvas: HTMLCanvasElement, picture: MatrixPicture): void {
  const pen = canvas.getContext('2d');
  if (!pen) return;
  const ratio = devicePixelRatio;
  const { width, height } = picture.view;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const colours: Colours = Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--hs-${name}`).trim()]),
  );
  const font = `12px ${style.getPropertyValue('--hs-font-sans')}`;
  pen.fillStyle = colours.surface ?? '';
  pen.fillRect(0, 0, width, height);
  drawCells(pen, picture, colours);
  pen.font = font;
  drawHeads(pen, picture, colours);
}

/** Positions of the first and the last line in view. */
function windowOf(scroll: number, size: number, head: number, room: number, count: number): readonly [number, number] {
  const first = Math.max(0, Math.floor(scroll / size));
  return [first, Math.min(count - 1, Math.floor((scroll + room - head) / size))];
}

function drawCells(pen: CanvasRenderingContext2D, picture: MatrixPicture, colours: Colours): void {
  const { cells, sizes, scroll, view, at, pinned, showsFocus } = picture;
  const { cell, rowHead, columnHead } = sizes;
  const count = cells.lines.length;
  const [top, bottom] = windowOf(scroll.y, cell, columnHead, view.height, count);
  const [left, right] = windowOf(scroll.x, cell, rowHead, view.width, count);
  pen.save();
  pen.beginPath();
  pen.rect(rowHead, columnHead, view.width, view.height);
  pen.clip();
  const placed = (row: number, column: number): readonly [number, number] => [
    rowHead + column * cell - scroll.x,
    columnHead + row * cell - scroll.y,
  ];
  for (let row = top; row <= bottom; row++)
    for (let column = left; column <= right; column++) {
      const [x, y] = placed(row, column);
      drawCell(pen, cells, { row, column }, x, y, cell, colours);
    }
  for (const [mark, colour, isShown] of [
    [pinned, 'packet', true],
    [at, 'focus', showsFocus],
  ] as const) {
    if (!mark || !isShown) continue;
    const [x, y] = placed(mark.row, mark.column);
    pen.strokeStyle = colours[colour] ?? '';
    pen.lineWidth = 2;
    pen.strokeRect(x + 1, y + 1, cell - 2, cell - 2);
  }
  pen.restore();
}

function drawCell(
  pen: CanvasRenderingContext2D,
  cells: MatrixCells,
  { row, column }: CellAt,
  x: number,
  y: number,
  size: number,
  colours: Colours,
): void {
  const state = cells.stateAt(row, column);
  const [ground, ink] = LOOKS[state];
  pen.fillStyle = colours[ground] ?? '';
  pen.fillRect(x + 0.5, y + 0.5, size - 1, size - 1);
  pen.strokeStyle = colours[ink] ?? '';
  pen.fillStyle = colours[ink] ?? '';
  pen.lineWidth = 1.5;
  drawGlyph(pen, state, x + size / 2, y + size / 2, size * 0.2);
  const change = cells.changeAt(row, column);
  if (change !== 0) {
    pen.strokeStyle = colours.changed ?? '';
    pen.lineWidth = 2;
    pen.strokeRect(x + 2, y + 2, size - 4, size - 4);
  }
  const staged = cells.stagedAt(row, column);
  if (staged !== 0) {
    pen.save();
    pen.setLineDash([2, 2]);
    pen.lineWidth = 1.5;
    pen.strokeStyle = colours[staged & CLOSED ? 'stopped' : 'good'] ?? '';
    pen.strokeRect(x + 3.5, y + 3.5, size - 7, size - 7);
    pen.restore();
  }
}

/** A check, a cross, a half-filled disc, a question mark: as in the legend. */
function drawGlyph(pen: CanvasRenderingContext2D, state: CellState, x: number, y: number, r: number): void {
  pen.beginPath();
  if (state === 'allowed') {
    pen.moveTo(x - r, y);
    pen.lineTo(x - r * 0.2, y + r * 0.8);
    pen.lineTo(x + r, y - r * 0.8);
    pen.stroke();
  } else if (state === 'denied') {
    pen.moveTo(x - r * 0.8, y - r * 0.8);
    pen.lineTo(x + r * 0.8, y + r * 0.8);
    pen.moveTo(x + r * 0.8, y - r * 0.8);
    pen.lineTo(x - r * 0.8, y + r * 0.8);
    pen.stroke();
  } else if (state === 'partly') {
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.stroke();
    pen.beginPath();
    pen.arc(x, y, r, Math.PI / 2, 1.5 * Math.PI);
    pen.fill();
  } else if (state === 'unknown') {
    pen.arc(x, y - r * 0.3, r * 0.7, Math.PI, 0.5 * Math.PI);
    pen.moveTo(x, y + r * 0.9);
    pen.lineTo(x, y + r * 1.1);
    pen.stroke();
  }
}

function drawHeads(pen: CanvasRenderingContext2D, picture: MatrixPicture, colours: Colours): void {
  const { cells, sizes, scroll, view, at } = picture;
  const { cell, rowHead, columnHead } = sizes;
  const { lines } = cells;
  const [top, bottom] = windowOf(scroll.y, cell, columnHead, view.height, lines.length);
  const [left, right] = windowOf(scroll.x, cell, rowHead, view.width, lines.length);
  pen.textBaseline = 'middle';
  const label = (index: number, isHere: boolean, roomPx: number): void => {
    const line = lines[index];
    if (!line) return;
    pen.fillStyle = colours[isHere ? 'text' : 'text-quiet'] ?? '';
    const fold = line.isFolded ? '▸ ' : line.groupSize > 1 ? '▾ ' : '';
    const name = line.count === '' ? line.label : `${line.label} (${line.count})`;
    pen.fillText(cut(pen, `${fold}${name}`, roomPx), 0, 0);
  };
  pen.save();
  pen.beginPath();
  pen.rect(0, columnHead, rowHead, view.height);
  pen.clip();
  for (let row = top; row <= bottom; row++) {
    pen.save();
    pen.translate(12, columnHead + row * cell - scroll.y + cell / 2);
    label(row, at?.row === row, rowHead - 20);
    pen.restore();
  }
  pen.restore();
  pen.save();
  pen.beginPath();
  pen.rect(rowHead, 0, view.width, columnHead);
  pen.clip();
  for (let column = left; column <= right; column++) {
    pen.save();
    pen.translate(rowHead + column * cell - scroll.x + cell / 2, columnHead - 8);
    pen.rotate(-Math.PI / 2);
    label(column, at?.column === column, columnHead - 16);
    pen.restore();
  }
  pen.restore();
  drawCorner(pen, sizes, colours);
}

/** Which way to read it. */
function drawCorner(pen: CanvasRenderingContext2D, { rowHead, columnHead }: MatrixSizes, colours: Colours): void {
  pen.fillStyle = colours['text-quiet'] ?? '';
  pen.textAlign = 'left';
  pen.fillText('from ↓', 12, columnHead - 12);
  pen.textAlign = 'right';
  pen.fillText('to →', rowHead - 8, columnHead - 12);
  pen.textAlign = 'left';
  pen.strokeStyle = colours.line ?? '';
  pen.lineWidth = 1;
  pen.strokeRect(-1, -1, rowHead + 1, columnHead + 1);
}

/** Of `namespace/name` the name matters more, so the end is kept. */
function cut(pen: CanvasRenderingContext2D, text: string, roomPx: number): string {
  if (pen.measureText(text).width <= roomPx) return text;
  let short = text;
  while (short.length > 2 && pen.measureText(`…${short}`).width > roomPx) short = short.slice(1);
  return `…${short}`;
}
