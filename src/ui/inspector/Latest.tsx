import { useMemo } from 'react';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { useExplain, usePlayhead } from '../app-model.ts';
import { EvidenceView } from './EvidenceView.tsx';

interface LatestProps {
  readonly trace: Trace;
  readonly world: World;
  readonly ns: string;
}

/** The conntrack table of a machine as of the last step there, up to the playhead. */
export function Latest({ trace, world, ns }: LatestProps) {
  const explain = useExplain();
  const step = usePlayhead((state) => state.step);
  const table = useMemo(() => {
    const last = trace.steps.findLast((candidate) => candidate.i <= step && candidate.ns === ns);
    return last === undefined || explain === null ? null : explain(trace, world, last.i).conntrack;
  }, [explain, trace, world, step, ns]);
  if (table === null) return <p className="quiet">Nothing is tracked here yet.</p>;
  return <EvidenceView evidence={table} />;
}
