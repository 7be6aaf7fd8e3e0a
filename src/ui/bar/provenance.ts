/** Of which version the facts of a driver are, and whether a kernel was asked. */
import type { DriverMode } from '../../sim/drivers/contract.ts';
import type { DriverChoice } from '../app-model.ts';

export function provenance({ evidence, factsFrom }: DriverChoice, mode: DriverMode | undefined): string {
  const how =
    (mode?.evidence ?? evidence) === 'kernel-verified'
      ? 'Compared with packets in a real kernel.'
      : 'From its source and documents, not compared with a real kernel.';
  return `As of ${factsFrom}. ${how}`;
}

/** For all modes at once, in a few words. */
export function provenanceOfAll({ modes, evidence, factsFrom }: DriverChoice): string {
  const [some = evidence, ...others] = new Set(modes.map((mode) => mode.evidence ?? evidence));
  return `${others.length === 0 ? some : 'partly kernel-verified'}, as of ${factsFrom}`;
}
