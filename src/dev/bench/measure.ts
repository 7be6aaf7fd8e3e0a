/** Honest timing: warm up, run in batches until enough time has passed, report the median batch. */
export interface Timing {
  /** Median over the batches, in milliseconds for one run. */
  readonly medianMs: number;
  readonly minMs: number;
  readonly runs: number;
}

const BATCHES = 9;

/** Times `run`; every batch lasts at least `batchMs`. */
export function time(run: () => unknown, batchMs = 60): Timing {
  for (let i = 0; i < 3; i++) run();
  const perRun: number[] = [];
  let runs = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    let count = 0;
    const start = performance.now();
    do {
      run();
      count += 1;
    } while (performance.now() - start < batchMs);
    perRun.push((performance.now() - start) / count);
    runs += count;
  }
  perRun.sort((a, b) => a - b);
  return { medianMs: perRun[Math.floor(BATCHES / 2)] ?? 0, minMs: perRun[0] ?? 0, runs };
}

/** One table with aligned columns: first column left, the others right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, col) => Math.max(...all.map((row) => (row[col] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, col) => (col === 0 ? cell.padEnd(widths[col] ?? 0) : cell.padStart(widths[col] ?? 0))).join('  ');
  return all.map(line).join('\n');
}

export const ms = (value: number): string => (value < 10 ? value.toFixed(3) : value.toFixed(1));
export const count = (value: number): string => Math.round(value).toLocaleString('en-US');
