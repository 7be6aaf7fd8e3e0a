import { useEffect, useMemo, useState } from 'react';
import type { CrowdFlow } from '../../render/stage-api.ts';
import { CONNECTIONS, type Distribution } from '../../sim/engine/distribute.ts';
import { useApp, useSession } from '../app-model.ts';
import { useWork } from '../work/use-work.ts';
import { LoadBars } from './LoadBars.tsx';
import { useArrangement } from './use-arrangement.ts';
import type { ViewProps } from './view-props.ts';

/** Small packets on the stage for all connections together. */
const CROWD_MAX = 60;

/** Many connections of this probe, and where they end, against what theory expects. */
export function LoadView({ trace, world, switcher }: ViewProps) {
  const [{ connections }, arrange] = useArrangement();
  const [seed, setSeed] = useState(world.seed);
  const [isOnStage, setOnStage] = useState(false);
  const { probe } = trace;
  const state = useSession((session) => session.state);
  const work = useMemo(
    () => ({ kind: 'load', state, probe, connections, seed }) as const,
    [state, probe, connections, seed],
  );
  const { slice: made, end: ended, isRunning, failed } = useWork<'load'>(work);
  const distribution = ended?.ok ? ended.value : null;
  useCrowd(isOnStage ? distribution : null);
  return (
    <div className="rules-body">
      <div className="rules-control">
        {switcher}
        <fieldset className="segmented" aria-label="Connections to make">
          {CONNECTIONS.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === connections}
              onClick={() => {
                arrange({ connections: each });
                setSeed(world.seed);
              }}
            >
              {each.toLocaleString('en-US')}
            </button>
          ))}
        </fieldset>
        <p className="quiet">connections, each from a new port of the same client</p>
        <button type="button" className="button button-small" onClick={() => setSeed(seed + 1)}>
          Draw again
        </button>
        <label className="toggle load-stage">
          <input type="checkbox" checked={isOnStage} onChange={(event) => setOnStage(event.target.checked)} />
          Show on the stage
        </label>
        <p className="rules-progress" role="status">
          {failed ?? (isRunning ? `Connecting … ${made ?? 0} of ${connections}` : '')}
        </p>
      </div>
      {ended?.ok === false && <p className="dock-empty">{ended.error}</p>}
      {distribution && <LoadBars distribution={distribution} />}
    </div>
  );
}

/** A crowd on the ways of the connections, to every endpoint as many as its part. Gone with the view. */
function useCrowd(distribution: Distribution | null): void {
  const { stage } = useApp();
  useEffect(() => {
    const view = stage.current;
    if (view === null || distribution === null) return;
    const { endpoints, connections } = distribution;
    view.setCrowd(
      endpoints.flatMap(({ way, count, failed }): CrowdFlow[] => {
        if (count === 0) return [];
        const packets = Math.max(1, Math.round((count / connections) * Math.min(CROWD_MAX, connections)));
        return [{ along: { steps: way }, packets, tone: failed > 0 ? 'stopped' : 'packet' }];
      }),
    );
    return () => view.setCrowd([]);
  }, [distribution, stage]);
}
