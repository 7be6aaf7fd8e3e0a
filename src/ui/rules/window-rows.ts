/** Which rows of a long list are worth drawing: fixed row height, so it is arithmetic. */
export interface RowWindow {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  readonly offsetPx: number;
  readonly heightPx: number;
}

const OVERSCAN_ROWS = 12;

export function windowRows(count: number, rowPx: number, scrollPx: number, viewPx: number): RowWindow {
  const first = Math.max(0, Math.min(count, Math.floor(scrollPx / rowPx) - OVERSCAN_ROWS));
  const end = Math.min(count, Math.ceil((scrollPx + viewPx) / rowPx) + OVERSCAN_ROWS);
  return { first, end: Math.max(first, end), offsetPx: first * rowPx, heightPx: count * rowPx };
}
