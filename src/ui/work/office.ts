/** The page's side: sends work to the worker and passes on what comes back. Nothing is computed here. */
import type { AnyWork, End, Slice, WorkKind } from './work.ts';
import type { News, Order } from './workshop.ts';

/** What the office needs of a Worker. */
export interface Bench {
  onmessage: ((event: { readonly data: News }) => void) | null;
  onerror: ((event: { readonly message: string }) => void) | null;
  postMessage(order: Order): void;
}

export interface Client {
  onSlice(slice: Slice<WorkKind>): void;
  onEnd(end: End<WorkKind>): void;
  onFail(why: string): void;
}

export interface Office {
  /** Begins a piece of work, which ends the one before it. The result stops it. */
  begin(work: AnyWork, client: Client): () => void;
}

/** The worker is started by the first work. */
export function createOffice(open: () => Bench): Office {
  let bench: Bench | null = null;
  let present: { readonly id: number; readonly client: Client } | null = null;
  let last = 0;
  const fail = (why: string): void => {
    const client = present?.client;
    present = null;
    bench = null;
    client?.onFail(why);
  };
  const hear = (news: News): void => {
    if (present?.id !== news.id) return;
    const { client } = present;
    if ('slice' in news) return client.onSlice(news.slice);
    present = null;
    if ('end' in news) client.onEnd(news.end);
    else client.onFail(news.failed);
  };
  const start = (): Bench => {
    const started = open();
    started.onmessage = ({ data }) => hear(data);
    started.onerror = ({ message }) => fail(message);
    return started;
  };
  return {
    begin(work, client) {
      last += 1;
      const id = last;
      present = { id, client };
      bench ??= start();
      bench.postMessage({ id, work });
      return () => {
        if (present?.id !== id) return;
        present = null;
        bench?.postMessage({ id, work: null });
      };
    },
  };
}
