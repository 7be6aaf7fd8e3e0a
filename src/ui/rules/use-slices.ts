import { useEffect, useState } from 'react';

/**
 * Runs a generator one slice a task, so that the page stays alive in between. Stops when another `start` comes or the component goes.
 * `start` must keep its identity as long as the same work is meant; null: nothing to do.
 */
export function useSlices<Slice, Final>(
  start: (() => Generator<Slice, Final>) | null,
  onSlice: (slice: Slice) => void,
  onEnd: (final: Final) => void,
): boolean {
  const [isRunning, setRunning] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: who listens may be another function each time; the work is `start`.
  useEffect(() => {
    if (start === null) return;
    const run = start();
    let timer = 0;
    const turn = (): void => {
      const next = run.next();
      if (next.done === true) {
        setRunning(false);
        onEnd(next.value);
        return;
      }
      onSlice(next.value);
      timer = window.setTimeout(turn);
    };
    setRunning(true);
    timer = window.setTimeout(turn);
    return () => {
      window.clearTimeout(timer);
      setRunning(false);
    };
  }, [start]);
  return isRunning;
}
