/**
 * The only requestAnimationFrame of the app. Each frame first lets everybody read the page, then lets everybody write to it, so that
 * no layout is computed twice. It sleeps when nobody asked for another frame.
 */
export interface FrameTask {
  /** Reads of geometry, before any write. */
  read?(nowMs: number): void;
  /** Writes. True: it wants the next frame, too. */
  write(nowMs: number, sinceMs: number): boolean;
}

export interface FrameLoop {
  /** Adds a task and wakes the loop; returns how to remove it. */
  add(task: FrameTask): () => void;
  /** Asks for at least one more frame. */
  wake(): void;
  readonly isAwake: boolean;
}

/** A hidden tab comes back after minutes: motion goes on from where it was, it does not jump. */
const SINCE_MAX_MS = 100;

export function makeFrameLoop(
  request: (frame: (nowMs: number) => void) => unknown = (frame) => requestAnimationFrame(frame),
): FrameLoop {
  const tasks = new Set<FrameTask>();
  let isAwake = false;
  let lastMs: number | null = null;

  const frame = (nowMs: number): void => {
    isAwake = false;
    const sinceMs = lastMs === null ? 0 : Math.min(nowMs - lastMs, SINCE_MAX_MS);
    for (const task of tasks) task.read?.(nowMs);
    let wantsMore = false;
    for (const task of [...tasks]) if (task.write(nowMs, sinceMs)) wantsMore = true;
    lastMs = nowMs;
    if (wantsMore) wake();
    else if (!isAwake) lastMs = null;
  };

  function wake(): void {
    if (isAwake) return;
    isAwake = true;
    request(frame);
  }

  return {
    add(task) {
      tasks.add(task);
      wake();
      return () => {
        tasks.delete(task);
      };
    },
    wake,
    get isAwake() {
      return isAwake;
    },
  };
}

/** The loop that the whole page shares. */
export const frameLoop: FrameLoop = makeFrameLoop();

/** Calls back in every frame while the callback answers true; returns how to stop. */
export function onFrame(callback: (nowMs: number, sinceMs: number) => boolean): () => void {
  return frameLoop.add({ write: callback });
}
