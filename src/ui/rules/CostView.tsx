import { useMemo } from 'react';
import { SIZES } from '../../sim/engine/cost-curve.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import { useApp, useSession } from '../app-model.ts';
import { useWork } from '../work/use-work.ts';
import { CostChart } from './CostChart.tsx';
import { CostTable } from './CostTable.tsx';
import { asLines, type CostLine, growthSentence, modesToCompare } from './cost-lines.ts';
import { useArrangement } from './use-arrangement.ts';
import type { ViewProps } from './view-props.ts';

type Size = (typeof SIZES)[number];

/** What this packet would cost if the cluster had more Services, in each mode of the proxy. */
export function CostView({ trace, switcher }: ViewProps) {
  const [{ services: size }, arrange] = useArrangement();
  const { lines, working } = useCostLines(trace, size);
  const current = useSession(({ state }) => state.proxy);
  return (
    <div className="rules-body">
      <div className="rules-control">
        {switcher}
        <fieldset className="segmented" aria-label="Services to add">
          {SIZES.map((each) => (
            <button key={each} type="button" aria-pressed={each === size} onClick={() => arrange({ services: each })}>
              {each === 0 ? 'As it is' : `+${each.toLocaleString('en-US')}`}
            </button>
          ))}
        </fieldset>
        <p className="quiet">Services added, each like the one that is called</p>
        <p className="rules-progress" role="status">
          {working}
        </p>
      </div>
      <p className="rules-sentence" aria-live="polite">
        {growthSentence(lines, size)}
      </p>
      <div className="cost-charts">
        <CostChart
          title="Rules evaluated for this packet"
          lines={lines}
          current={current}
          size={size}
          readOf={({ first }) => first.rules}
        />
        <CostChart
          title="Lines installed on its first node"
          lines={lines}
          current={current}
          size={size}
          readOf={({ installed }) => installed.rules + installed.entries}
        />
        <CostTable lines={lines} size={size} />
      </div>
    </div>
  );
}

/** The points that are known, and what is being counted. */
function useCostLines(trace: Trace, size: Size): { readonly lines: readonly CostLine[]; readonly working: string } {
  const { proxies } = useApp();
  const state = useSession((session) => session.state);
  const modes = useMemo(() => modesToCompare(proxies, state.proxy), [proxies, state.proxy]);
  const { probe } = trace;
  const work = useMemo(() => ({ kind: 'curve', state, probe, modes, size }) as const, [state, probe, modes, size]);
  const { slice, end, isRunning, failed } = useWork<'curve'>(work);
  const points = slice ?? end;
  const lines = useMemo(() => asLines(modes, points ?? []), [modes, points]);
  return { lines, working: failed ?? (isRunning ? progressWords(lines, size) : '') };
}

/** `Counting … 7 of 12`. */
function progressWords(lines: readonly CostLine[], size: Size): string {
  const sizes = SIZES.filter((each) => each <= size).length;
  const isOpen = ({ why }: CostLine): boolean => why === null;
  const wanted = lines.filter(isOpen).length * sizes;
  const known = lines.filter(isOpen).reduce((sum, { points }) => sum + Math.min(points.length, sizes), 0);
  return known === 0 ? 'Counting …' : `Counting … ${known} of ${wanted}`;
}
