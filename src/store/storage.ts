/** What the store needs of localStorage. Both may throw: storage can be full, or forbidden. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What the store needs of a clock. */
export interface Timers {
  start(run: () => void, afterMs: number): number;
  stop(timer: number): void;
}

export function readKey(storage: KeyValueStorage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

/** False when it could not be kept. */
export function writeKey(storage: KeyValueStorage, key: string, value: string): boolean {
  try {
    storage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/** JSON that an earlier visit kept; undefined when there is none that can be read. */
export function readJson(storage: KeyValueStorage, key: string): unknown {
  const text = readKey(storage, key);
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Delayed {
  /** Runs after the delay; asked again before that, the delay starts over. */
  schedule(): void;
  /** Runs now what is waiting, if anything is. */
  flush(): void;
  cancel(): void;
}

export function delayed(timers: Timers, delayMs: number, run: () => void): Delayed {
  let timer: number | null = null;
  const cancel = (): void => {
    if (timer !== null) timers.stop(timer);
    timer = null;
  };
  const fire = (): void => {
    timer = null;
    run();
  };
  return {
    schedule() {
      cancel();
      timer = timers.start(fire, delayMs);
    },
    flush() {
      if (timer === null) return;
      cancel();
      run();
    },
    cancel,
  };
}
