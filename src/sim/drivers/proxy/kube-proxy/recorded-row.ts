/** One thing that a recorded case says, and what we say about it. `npm test` and `npm run truth` hold the same rows. */
export interface RecordedRow {
  readonly what: string;
  readonly expected: unknown;
  readonly found: () => unknown;
}

export const row = (what: string, expected: unknown, found: () => unknown): RecordedRow => ({ what, expected, found });
