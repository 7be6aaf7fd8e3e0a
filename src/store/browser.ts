/** The browser's storage and clock, in the form that the store takes. */
import type { KeyValueStorage, Timers } from './storage.ts';

/** Where storage is forbidden nothing is kept, and saving says so. */
export function openBrowserStorage(): KeyValueStorage {
  return {
    getItem: (key) => localStorage.getItem(key),
    setItem: (key, value) => localStorage.setItem(key, value),
  };
}

export const browserTimers: Timers = {
  start: (run, afterMs) => window.setTimeout(run, afterMs),
  stop: (timer) => window.clearTimeout(timer),
};

/** The name of a new piece of work. */
export const newWorkId = (): string => crypto.randomUUID();
