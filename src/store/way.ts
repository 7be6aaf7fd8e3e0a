import type { Pace } from './pace.ts';

/** The way to one stop and the standing there, as time at speed 1. */
export interface Way {
  /** Sets out for a stop, `spentMs` ago. */
  begin(stop: number, spentMs: number): void;
  /** Is at a stop, without the way to it. */
  end(stop: number): void;
  pass(ms: number): void;
  /** How long the standing is over; negative while it lasts. */
  lateMs(): number;
  /** 0 when setting out, 1 from the arrival on. */
  progress(): number;
}

export function createWay(paceTo: (stop: number) => Pace): Way {
  let pace = paceTo(0);
  let spentMs = pace.moveMs;
  return {
    begin(stop, alreadyMs) {
      pace = paceTo(stop);
      spentMs = alreadyMs;
    },
    end(stop) {
      pace = paceTo(stop);
      spentMs = pace.moveMs;
    },
    pass(ms) {
      spentMs += ms;
    },
    lateMs: () => spentMs - pace.moveMs - pace.lingerMs,
    progress: () => Math.min(1, spentMs / pace.moveMs),
  };
}
