/** The flow log of the CNI, as far as it has come, with the line of this step. */
import type { FlowLine } from '../../drivers/contract.ts';
import { cniById } from '../../drivers/registry.ts';
import { onPodNetwork } from '../../kube/cluster.ts';
import type { Step } from '../../linux/step.ts';
import type { Trace } from '../trace.ts';
import type { World } from '../world.ts';
import { linesEvidence } from './evidence.ts';
import { mapHost } from './evidence-bpf.ts';
import type { Evidence } from './explanation.ts';

const LINES_SHOWN = 8;

const kept = new WeakMap<Trace, readonly FlowLine[]>();

/** Every line of a whole conversation; none where the CNI keeps no such log. */
export function flowLinesOf(trace: Trace, world: World): readonly FlowLine[] {
  const known = kept.get(trace);
  if (known) return known;
  const hostOf = (ns: string): string => mapHost(world.namespaces.get(ns)) ?? ns;
  const lines = cniById(world.cni.id).flowLog?.lines(trace.steps, onPodNetwork(world.cluster), hostOf) ?? [];
  kept.set(trace, lines);
  return lines;
}

/** None where the log has no line for this step. */
export function flowEvidence({ step, trace, world }: { step: Step; trace: Trace; world: World }): readonly Evidence[] {
  const command = cniById(world.cni.id).flowLog?.command;
  const soFar = flowLinesOf(trace, world).filter((line) => line.step <= step.i);
  if (command === undefined || soFar.at(-1)?.step !== step.i) return [];
  const shown = soFar.slice(-LINES_SHOWN).map(({ text }) => text);
  return [linesEvidence('The flow log so far', command, shown, shown.length - 1)];
}
