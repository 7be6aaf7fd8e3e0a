/** Runs in a worker: heavy counting never holds the page. */
import { createCrew } from './work.ts';
import { createWorkshop, type News, type Order } from './workshop.ts';

interface WorkerScope {
  onmessage: ((event: { readonly data: Order }) => void) | null;
  postMessage(news: News): void;
}

const scope = globalThis as unknown as WorkerScope;
const { port1, port2 } = new MessageChannel();
const turns: (() => void)[] = [];
// A message waits behind the orders that came before it, and no timer makes it wait longer.
port1.onmessage = () => turns.shift()?.();
const take = createWorkshop(
  createCrew(),
  (news) => scope.postMessage(news),
  (turn) => {
    turns.push(turn);
    port2.postMessage(null);
  },
);
scope.onmessage = ({ data }) => take(data);
