/** The worker's side: one piece of work at a time, slice by slice, so that a newer order is heard in between. */
import type { AnyWork, Crew, End, Slice, WorkKind } from './work.ts';

/** `work` null: nobody waits for the answer any more. */
export interface Order {
  readonly id: number;
  readonly work: AnyWork | null;
}

export type News = { readonly id: number } & (
  | { readonly slice: Slice<WorkKind> }
  | { readonly end: End<WorkKind> }
  /** A mistake in Hopscope. */
  | { readonly failed: string }
);

/** `later` runs a turn after whatever came in meanwhile. */
export function createWorkshop(
  crew: Crew,
  tell: (news: News) => void,
  later: (turn: () => void) => void,
): (order: Order) => void {
  let present: number | null = null;
  return ({ id, work }) => {
    present = work === null ? null : id;
    if (work === null) return;
    const run = crew(work);
    const turn = (): void => {
      if (present !== id) return;
      try {
        const next = run.next();
        tell(next.done ? { id, end: next.value } : { id, slice: next.value });
        if (!next.done) later(turn);
      } catch (thrown) {
        tell({ id, failed: thrown instanceof Error ? thrown.message : String(thrown) });
      }
    };
    later(turn);
  };
}
