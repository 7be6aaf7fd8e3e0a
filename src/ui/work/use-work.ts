import { useEffect, useState } from 'react';
import { type Bench, createOffice } from './office.ts';
import type { End, Slice, Work, WorkKind } from './work.ts';

const office = createOffice(
  () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'hopscope' }) as unknown as Bench,
);

interface Waiting<Kind extends WorkKind> {
  onEnd(end: End<Kind>): void;
  onFail(why: string): void;
}

/** The same without a component's state: for whoever needs the end alone. The result stops it. */
export const begin = <Kind extends WorkKind>(work: Work<Kind>, { onEnd, onFail }: Waiting<Kind>): (() => void) =>
  office.begin(work as Parameters<typeof office.begin>[0], {
    onSlice: () => {},
    onEnd: (end) => onEnd(end as End<Kind>),
    onFail,
  });

export interface WorkState<Kind extends WorkKind> {
  readonly isRunning: boolean;
  /** What the running work told last. */
  readonly slice: Slice<Kind> | null;
  /** What the last work that came to its end gave; it stays while the next one runs. */
  readonly end: End<Kind> | null;
  readonly failed: string | null;
}

/** Has a piece of work done beside the page. `work` must keep its identity as long as the same is meant; another one ends it. */
export function useWork<Kind extends WorkKind>(work: Work<Kind>): WorkState<Kind> {
  const [state, setState] = useState<WorkState<Kind>>({ isRunning: true, slice: null, end: null, failed: null });
  useEffect(() => {
    setState((before) => ({ ...before, isRunning: true, slice: null, failed: null }));
    return office.begin(work as Parameters<typeof office.begin>[0], {
      onSlice: (slice) => setState((before) => ({ ...before, slice: slice as Slice<Kind> })),
      onEnd: (end) => setState({ isRunning: false, slice: null, end: end as End<Kind>, failed: null }),
      onFail: (failed) => setState((before) => ({ ...before, isRunning: false, failed })),
    });
  }, [work]);
  return state;
}
