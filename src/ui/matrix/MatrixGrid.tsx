import { type KeyboardEvent, type MouseEvent, type RefObject, useEffect, useId, useRef, useState } from 'react';
import { useApp, usePart } from '../app-model.ts';
import { type CellAt, drawMatrix, type MatrixSizes, sizesOf } from './draw-matrix.ts';
import type { MatrixCells } from './matrix-cells.ts';

interface MatrixGridProps {
  readonly cells: MatrixCells;
  readonly pinned: CellAt | null;
  /** What is said of a cell. */
  readonly textOf: (at: CellAt) => string;
  readonly onLook: (at: CellAt | null) => void;
  readonly onOpen: (at: CellAt) => void;
  readonly onFold: (line: number) => void;
}

/** All lines against all lines. It is painted; the keyboard walks through it, and the cell it stands on is spoken. */
export function MatrixGrid({ cells, pinned, textOf, onLook, onOpen, onFold }: MatrixGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const id = useId();
  const count = cells.lines.length;
  const sizes = sizesOf(cells.lines);
  const [at, setAt] = useState<CellAt>({ row: 0, column: 0 });
  const [hasFocus, setFocus] = useState(false);
  const [looked, setLooked] = useState<CellAt | null>(null);
  const here = { row: Math.min(at.row, count - 1), column: Math.min(at.column, count - 1) };
  const shown = looked ?? (hasFocus ? here : null);
  usePainting(box, canvas, { cells, sizes, pinned, at: shown, showsFocus: shown !== null });
  const go = (to: CellAt): void => {
    setAt(to);
    setLooked(null);
    onLook(to);
    reveal(box.current, to, sizes);
  };
  const look = (event: MouseEvent): void => {
    const place = placeAt(event, box.current, sizes, count);
    const next = place !== null && 'row' in place && 'column' in place ? place : null;
    if (next?.row === looked?.row && next?.column === looked?.column) return;
    setLooked(next);
    onLook(next ?? (hasFocus ? here : null));
  };
  const press = (event: MouseEvent): void => {
    const place = placeAt(event, box.current, sizes, count);
    if (place === null) return;
    if ('line' in place) return onFold(place.line);
    setAt(place);
    onOpen(place);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table of a million cells cannot be there.
    <div
      ref={box}
      className="matrix-grid"
      role="grid"
      tabIndex={0}
      aria-label="Who may reach whom: rows are senders, columns receivers"
      aria-rowcount={count}
      aria-colcount={count}
      aria-activedescendant={`${id}-cell`}
      onFocus={() => {
        setFocus(true);
        if (looked === null) onLook(here);
      }}
      onBlur={() => setFocus(false)}
      onPointerMove={look}
      onPointerLeave={() => {
        setLooked(null);
        onLook(hasFocus ? here : null);
      }}
      onClick={press}
      onKeyDown={(event) => onKey(event, here, count, { go, open: () => onOpen(here), fold: () => onFold(here.row) })}
    >
      <div
        className="matrix-space"
        style={{ width: sizes.rowHead + count * sizes.cell, height: sizes.columnHead + count * sizes.cell }}
      >
        {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: it takes no focus. */}
        <canvas ref={canvas} className="matrix-canvas" aria-hidden="true" />
      </div>
      <SpokenCell id={`${id}-cell`} at={here} isPinned={isSame(here, pinned)} text={textOf(here)} />
    </div>
  );
}

interface SpokenCellProps {
  readonly id: string;
  readonly at: CellAt;
  readonly isPinned: boolean;
  readonly text: string;
}

/** The cell that the keyboard stands on, for who does not see the picture. */
function SpokenCell({ id, at, isPinned, text }: SpokenCellProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: the grid has the focus, and points at its cell.
    <div role="row" className="visually-hidden" aria-rowindex={at.row + 1}>
      {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above. */}
      <div role="gridcell" id={id} aria-colindex={at.column + 1} aria-selected={isPinned}>
        {text}
      </div>
    </div>
  );
}

const isSame = (a: CellAt, b: CellAt | null): boolean => a.row === b?.row && a.column === b.column;

type Painted = Omit<Parameters<typeof drawMatrix>[1], 'scroll' | 'view'>;

/** Paints when something changed, when it is scrolled, and when the size or the theme is another. */
function usePainting(
  box: RefObject<HTMLDivElement | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
  painted: Painted,
): void {
  const { preferences } = useApp();
  const theme = usePart(preferences, (state) => state.theme);
  const paint = useRef(() => {});
  paint.current = () => {
    const [element, surface] = [box.current, canvas.current];
    if (element === null || surface === null) return;
    const { scrollLeft: x, scrollTop: y, clientWidth: width, clientHeight: height } = element;
    surface.style.width = `${width}px`;
    surface.style.height = `${height}px`;
    drawMatrix(surface, { ...painted, scroll: { x, y }, view: { width, height } });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme is other colours.
  useEffect(() => paint.current(), [painted.cells, painted.at?.row, painted.at?.column, painted.pinned, theme]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const again = (): void => paint.current();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const observer = new ResizeObserver(again);
    observer.observe(element);
    element.addEventListener('scroll', again, { passive: true });
    dark.addEventListener('change', again);
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', again);
      dark.removeEventListener('change', again);
    };
  }, [box]);
}

type Place = CellAt | { readonly line: number };

/** The cell under the pointer, or the line whose name is. */
function placeAt(event: MouseEvent, box: HTMLElement | null, sizes: MatrixSizes, count: number): Place | null {
  if (box === null) return null;
  const { left, top } = box.getBoundingClientRect();
  const [x, y] = [event.clientX - left, event.clientY - top];
  const column = Math.floor((x - sizes.rowHead + box.scrollLeft) / sizes.cell);
  const row = Math.floor((y - sizes.columnHead + box.scrollTop) / sizes.cell);
  const isIn = (line: number): boolean => line >= 0 && line < count;
  if (x < sizes.rowHead) return y >= sizes.columnHead && isIn(row) ? { line: row } : null;
  if (y < sizes.columnHead) return isIn(column) ? { line: column } : null;
  return isIn(row) && isIn(column) ? { row, column } : null;
}

/** A cell that is behind the names or outside the view is brought in. */
function reveal(box: HTMLElement | null, { row, column }: CellAt, { cell, rowHead, columnHead }: MatrixSizes): void {
  if (box === null) return;
  const [x, y] = [column * cell, row * cell];
  const [width, height] = [box.clientWidth - rowHead, box.clientHeight - columnHead];
  const scrolled = (now: number, at: number, room: number): number => Math.min(at, Math.max(now, at + cell - room));
  box.scrollTo({ left: scrolled(box.scrollLeft, x, width), top: scrolled(box.scrollTop, y, height) });
}

interface KeyDeeds {
  readonly go: (to: CellAt) => void;
  readonly open: () => void;
  readonly fold: () => void;
}

const PAGE = 8;

function onKey(event: KeyboardEvent, { row, column }: CellAt, count: number, { go, open, fold }: KeyDeeds): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const within = (line: number): number => Math.max(0, Math.min(count - 1, line));
  const moves: Readonly<Record<string, CellAt>> = {
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    Home: { row, column: 0 },
    End: { row, column: count - 1 },
    PageUp: { row: row - PAGE, column },
    PageDown: { row: row + PAGE, column },
  };
  const move = moves[event.key];
  if (move) go({ row: within(move.row), column: within(move.column) });
  else if (event.key === 'Enter') open();
  else if (event.key === ' ') fold();
  else return;
  // Arrows and Space in the matrix do not also move the packet.
  event.preventDefault();
  event.stopPropagation();
}
