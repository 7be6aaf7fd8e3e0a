import { useEffect, useMemo, useState } from 'react';
import { type MatrixPort, type Reach, type ReachAsk, reachOf } from '../../sim/engine/reach.ts';
import type { World } from '../../sim/engine/world.ts';
import type { PolicyModel } from '../../sim/kube/policy/model.ts';
import type { PolicyModels } from '../policies/use-model.ts';
import { begin } from '../work/use-work.ts';
import type { CellSources } from './matrix-cells.ts';

/** More than this many pods are left to the worker: a thousand take longer than a frame. */
const PODS_AT_ONCE = 120;

/** The cells' sources; those of the last question while the next one is being worked out. Null before the first answer. */
export function useReach(
  models: PolicyModels,
  base: PolicyModels | null,
  ports: readonly MatrixPort[],
): CellSources | null {
  const {
    asks,
    would: hasWould,
    base: hasBase,
  } = useMemo(() => questionsOf(models, base, ports), [models, base, ports]);
  const isSmall = models.now.input.pods.length <= PODS_AT_ONCE;
  const own = useMemo(() => (isSmall ? answer(asks, models.now) : null), [isSmall, asks, models]);
  const [told, setTold] = useState<CellSources | null>(null);
  useEffect(() => {
    if (isSmall) return;
    return begin(
      { kind: 'reach', asks },
      { onEnd: (end) => setTold(named(end, hasWould, hasBase)), onFail: () => setTold(null) },
    );
  }, [isSmall, asks, hasWould, hasBase]);
  return own ? named(own, hasWould, hasBase) : told;
}

interface Questions {
  readonly asks: readonly ReachAsk[];
  readonly would: boolean;
  readonly base: boolean;
}

/** The present, then what staged policies would do, then what it is compared with: the last two where they differ. */
function questionsOf(models: PolicyModels, base: PolicyModels | null, ports: readonly MatrixPort[]): Questions {
  const ask = ({ input }: PolicyModel, { cluster }: World): ReachAsk => ({
    input,
    ports,
    owners: cluster.pods.map(({ owner }) => owner),
    outside: cluster.externals.map(({ name, ip, lo }) => ({ name, ip: lo[0] ?? ip })),
  });
  const would = models.would !== models.now;
  const isComparable = base !== null && base !== models && base.now.input.pods === models.now.input.pods;
  return {
    asks: [
      ask(models.now, models.world),
      ...(would ? [ask(models.would, models.world)] : []),
      ...(isComparable ? [ask(base.now, models.world)] : []),
    ],
    would,
    base: isComparable,
  };
}

const answer = (asks: readonly ReachAsk[], model: PolicyModel): readonly Reach[] =>
  asks.map((ask) => reachOf(ask, model).reach);

function named(reaches: readonly Reach[], hasWould: boolean, hasBase: boolean): CellSources | null {
  const [now] = reaches;
  if (now === undefined) return null;
  return { now, would: (hasWould && reaches[1]) || null, base: (hasBase && reaches.at(-1)) || null };
}
