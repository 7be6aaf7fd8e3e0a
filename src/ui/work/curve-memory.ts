import { same } from '../../sim/base/same.ts';
import { type CostPoint, costCurve, type ProxyMode, SIZES } from '../../sim/engine/cost-curve.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import type { ScenarioState } from '../../sim/scenario/scenario.ts';

interface CurveAsked {
  readonly state: ScenarioState;
  readonly probe: Probe;
  readonly modes: readonly ProxyMode[];
  readonly size: number;
}

export interface CurveMemory {
  /** Counts what is missing up to a size, in slices; gives all points that are known. Another packet, cluster or choice of modes begins anew. */
  fill(asked: CurveAsked): Generator<readonly CostPoint[], readonly CostPoint[]>;
}

export function curveMemory(): CurveMemory {
  let about: Omit<CurveAsked, 'size'> | null = null;
  let points: readonly CostPoint[] = [];
  const isKnown = (added: number, { id, mode }: ProxyMode): boolean =>
    points.some((point) => point.added === added && point.proxy.id === id && point.proxy.mode === mode);
  const isStuck = ({ id, mode }: ProxyMode): boolean =>
    points.some(
      ({ proxy, result }) => proxy.id === id && proxy.mode === mode && (result.kind === 'refused' || !result.good),
    );
  return {
    *fill({ size, ...asked }) {
      const { state, probe, modes } = asked;
      if (!same(about, { state, probe, modes })) points = [];
      about = { state, probe, modes };
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
