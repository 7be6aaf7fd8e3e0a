import { useEffect, useMemo, useState } from 'react';
import { idOf } from '../../render/picture-id.ts';
import type { CrowdFlow } from '../../render/stage-api.ts';
import type { Result } from '../../sim/base/result.ts';
import { CONNECTIONS, type Connections, type Distribution, distributing } from '../../sim/engine/distribute.ts';
import { useApp } from '../app-model.ts';
import { LoadBars } from './LoadBars.tsx';
import { useSlices } from './use-slices.ts';
import type { ViewProps } from './view-props.ts';

/** Small packets on the stage for all connections together. */
const CROWD_MAX = 60;

/** Many connections of this probe, and where they end, against what theory expects. */
export function LoadView({ trace, world, switcher }: ViewProps) {
  const [asked, setAsked] = useState<{ readonly connections: Connections; readonly seed: number }>({
    connections: 100,
    seed: world.seed,
  });
  const [made, setMade] = useState(0);
  const [ended, setEnded] = useState<Result<Distribution, string> | null>(null);
  const [isOnStage, setOnStage] = useState(false);
  const { probe } = trace;
  const start = useMemo(() => () => distributing(world, probe, asked.connections, asked.seed), [world, probe, asked]);
  const isRunning = useSlices(start, setMade, (result) => {
    setMade(0);
    setEnded(result);
  });
  const distribution = ended?.ok ? ended.value : null;
  useCrowd(isOnStage ? distribution : null, trace.from.ns);
  return (
    <div className="rules-body">
      <div className="rules-control">
        {switcher}
        <fieldset className="segmented" aria-label="Connections to make">
          {CONNECTIONS.map((connections) => (
            <button
              key={connections}
              type="button"
              aria-pressed={connections === asked.connections}
              onClick={() => setAsked({ connections, seed: world.seed })}
            >
              {connections.toLocaleString('en-US')}
            </button>
          ))}
        </fieldset>
        <p className="quiet">connections, each from a new port of the same client</p>
        <button
          type="button"
          className="button button-small"
          onClick={() => setAsked({ ...asked, seed: asked.seed + 1 })}
        >
          Draw again
        </button>
        <label className="toggle">
          <input type="checkbox" checked={isOnStage} onChange={(event) => setOnStage(event.target.checked)} />
          Show on the stage
        </label>
        <p className="rules-progress" role="status">
          {isRunning ? `Connecting … ${made}` : ''}
        </p>
      </div>
      {ended?.ok === false && <p className="dock-empty">{ended.error}</p>}
      {distribution && <LoadBars distribution={distribution} />}
    </div>
  );
}

/** A crowd from the client to every pod that got connections, as many as its part. Gone with the view. */
function useCrowd(distribution: Distribution | null, from: string): void {
  const { stage } = useApp();
  useEffect(() => {
    const view = stage.current;
    if (view === null || distribution === null) return;
    const { endpoints, connections } = distribution;
    view.setCrowd(
      endpoints.flatMap(({ pod, node, count, failed }): CrowdFlow[] => {
        const ns = pod ?? node;
        if (ns === null || count === 0) return [];
        const packets = Math.max(1, Math.round((count / connections) * Math.min(CROWD_MAX, connections)));
        const along = { from: idOf({ kind: 'ns', ns: from }), to: idOf({ kind: 'ns', ns }) };
        return [{ along, packets, tone: failed > 0 ? 'stopped' : 'packet' }];
      }),
    );
    return () => view.setCrowd([]);
  }, [distribution, from, stage]);
}
