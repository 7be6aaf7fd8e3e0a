/** Storage and clock for tests. */
import type { KeyValueStorage, Timers } from './storage.ts';

export function fakeStorage(first: Readonly<Record<string, string>> = {}) {
  const values = new Map(Object.entries(first));
  let writes = 0;
  const storage: KeyValueStorage = {
    getItem: (key) => values.get(key) ?? null,
    setItem(key, value) {
      writes++;
      values.set(key, value);
    },
  };
  return { ...storage, values, writes: () => writes };
}

/** As in a private window, or where a policy forbids it. */
export const forbiddenStorage: KeyValueStorage = {
  getItem() {
    throw new Error('The operation is insecure.');
  },
  setItem() {
    throw new Error('The quota has been exceeded.');
  },
};

/** Time passes when `pass` is called. */
export function fakeTimers() {
  const waiting = new Map<number, { readonly run: () => void; readonly atMs: number }>();
  let nowMs = 0;
  let names = 0;
  const timers: Timers = {
    start(run, afterMs) {
      names++;
      waiting.set(names, { run, atMs: nowMs + afterMs });
      return names;
    },
    stop: (timer) => waiting.delete(timer),
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const [timer, { run, atMs }] of [...waiting]) {
      if (atMs > nowMs) continue;
      waiting.delete(timer);
      run();
    }
  };
  return { ...timers, pass };
}
