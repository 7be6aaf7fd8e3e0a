/** One probing program run many times in one kernel: what a load is made of. */
import type { NetnsConfig, NsId } from '../linux/config.ts';
import { type Choices, runUntil } from '../linux/kernel.ts';
import type { Step } from '../linux/step.ts';
import type { ProgramResult } from './program-result.ts';
import { NS_PER_MS, open, type Program, start } from './run-program.ts';

/** One of many: what it did up to now, and what it has learned when it is asked. */
export interface Attempt {
  /** Read it at once: the list is emptied for the next attempt. */
  readonly steps: readonly Step[];
  readonly result: () => ProgramResult;
}

/** Between the starts of two attempts. */
const GAP_NS = 500_000;

/**
 * Runs the same program many times in one kernel, each time from a port of its own, so that what connections leave behind (affinity,
 * the state of schedulers, conntrack) is there for the next. Connections stay open. Whoever still waits after the last attempt is
 * given its time then.
 */
export function* runPrograms(
  configs: ReadonlyMap<NsId, NetnsConfig>,
  warm: boolean,
  choices: Choices,
  program: Program,
  attempts: number,
): Generator<Attempt, void> {
  const { kernel, ns } = open(configs, warm, choices, program);
  const { steps } = kernel;
  for (let i = 0; i < attempts; i++) {
    steps.length = 0;
    const untilNs = kernel.nowNs + GAP_NS;
    const result = start(kernel, ns, program);
    runUntil(kernel, untilNs);
    kernel.nowNs = untilNs;
    yield { steps, result };
  }
  const endNs = kernel.nowNs + program.waitMs * NS_PER_MS;
  for (let untilNs = kernel.nowNs; untilNs <= endNs; untilNs += GAP_NS) {
    steps.length = 0;
    runUntil(kernel, untilNs);
  }
}
