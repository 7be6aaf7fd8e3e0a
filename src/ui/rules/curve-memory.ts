import { type CostPoint, costCurve, type ProxyMode, SIZES } from '../../sim/engine/cost-curve.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import type { ScenarioState } from '../../sim/scenario/scenario.ts';

export interface CurveMemory {
  /** Counts what is missing up to a size, in slices; gives all points that are known. Another packet or cluster begins anew. */
  fill(state: ScenarioState, probe: Probe, size: number): Generator<readonly CostPoint[], readonly CostPoint[]>;
}

export function curveMemory(modes: readonly ProxyMode[]): CurveMemory {
  let about: readonly [ScenarioState, Probe] | null = null;
  let points: readonly CostPoint[] = [];
  const isKnown = (added: number, { id, mode }: ProxyMode): boolean =>
    points.some((point) => point.added === added && point.proxy.id === id && point.proxy.mode === mode);
  const isStuck = ({ id, mode }: ProxyMode): boolean =>
    points.some(
      ({ proxy, result }) => proxy.id === id && proxy.mode === mode && (result.kind === 'refused' || !result.good),
    );
  return {
    *fill(state, probe, size) {
      if (about?.[0] !== state || about[1] !== probe) points = [];
      about = [state, probe];
      for (const added of SIZES.filter((each) => each <= size)) {
        const missing = modes.filter((mode) => !isStuck(mode) && !isKnown(added, mode));
        if (missing.length === 0) continue;
        for (const point of costCurve(state, probe, missing, [added])) {
          if (point !== null) points = [...points, point];
          yield points;
        }
      }
      return points;
    },
  };
}
