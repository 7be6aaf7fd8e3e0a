import { useMemo } from 'react';
import { type Cost, costOf, stepsCost } from '../../sim/engine/cost.ts';
import { usePlayhead } from '../app-model.ts';
import { Resync } from '../faults/Resync.tsx';
import { artefactOf, hasRules } from './artefact.ts';
import { RuleRows } from './RuleRows.tsx';
import { useArrangement } from './use-arrangement.ts';
import type { ViewProps } from './view-props.ts';
import { allRows, hopWithRules, visitSteps, type WalkedRow, walkedRows } from './xray.ts';

/** A CNI with many maps has a tool's command for each; all of them stand in the listing. */
const COMMANDS_SHOWN = 4;

/** The generated rules of the machine where the packet is, walked line by line. */
export function RuleWalk({ trace, world, switcher }: ViewProps) {
  const step = usePlayhead((state) => state.step);
  const [{ showsAll: isAll }, arrange] = useArrangement();
  const hop = useMemo(
    () =>
      hopWithRules(trace, step, (ns) => {
        const config = world.namespaces.get(ns);
        return config !== undefined && hasRules(config);
      }),
    [trace, world, step],
  );
  const config = hop && world.namespaces.get(hop.ns);
  const artefact = config && hasRules(config) ? artefactOf(config) : null;
  const visit = useMemo(() => (hop ? visitSteps(trace.steps, hop, step) : []), [trace, hop, step]);
  const walked = useMemo(
    () => (config && artefact ? walkedRows(visit, artefact, config) : []),
    [visit, artefact, config],
  );
  const rows = useMemo(
    () => (isAll && artefact ? allRows(artefact, walked, step) : walked),
    [isAll, artefact, walked, step],
  );
  const now = rows.findLastIndex(isAt(step, isAll));
  const whole = useMemo(() => costOf(trace, world).first, [trace, world]);
  if (!artefact || !hop)
    return (
      <div className="rules-body">
        <div className="rules-control">{switcher}</div>
        <p className="dock-empty">No machine on the way of this packet has any rules.</p>
      </div>
    );
  const here = trace.steps[step];
  return (
    <div className="xray">
      <div className="panel-head">
        {switcher}
        <p>
          {artefact.commands.slice(0, COMMANDS_SHOWN).map((command, at) => (
            <span key={command}>
              {at > 0 && ', '}
              <code>{command}</code>
            </span>
          ))}
          {artefact.commands.length > COMMANDS_SHOWN && ` and ${artefact.commands.length - COMMANDS_SHOWN} more`} on{' '}
          <strong>{hop.ns}</strong>
          {here !== undefined && here.ns !== hop.ns && <span className="quiet"> ({here.ns} itself has no rules)</span>}
        </p>
        <p className="quiet" aria-live="polite">
          This visit so far: {costWords(stepsCost(visit, world))}. Whole first packet: {costWords(whole)}.
        </p>
        <label className="toggle">
          <input type="checkbox" checked={isAll} onChange={(event) => arrange({ showsAll: event.target.checked })} />
          All {artefact.rows.length.toLocaleString('en-US')} lines
        </label>
      </div>
      <Resync ns={hop.ns} />
      {rows.length === 0 ? (
        <p className="dock-empty">The packet has met no rule in this visit so far. Step on, or show all lines.</p>
      ) : (
        <RuleRows rows={rows} near={now < 0 ? latest(rows) : now} now={now} ns={hop.ns} />
      )}
    </div>
  );
}

/** What the visit met last, wherever it stands in the listing. */
function latest(rows: readonly WalkedRow[]): number {
  let best = -1;
  for (const [at, { seen, step }] of rows.entries())
    if (seen !== 'unreached' && step >= (rows[best]?.step ?? 0)) best = at;
  return best;
}

/** In the listing every line without a visit carries the present step. */
const isAt =
  (step: number, isAll: boolean) =>
  ({ step: own, seen }: { readonly step: number; readonly seen: string }): boolean =>
    own === step && (seen === 'matched' || seen === 'found' || (seen === 'missed' && !isAll));

export function costWords({ rules, lookups }: Cost): string {
  const asked = `${rules.toLocaleString('en-US')} ${rules === 1 ? 'rule' : 'rules'} evaluated`;
  return lookups === 0 ? asked : `${asked}, ${lookups} ${lookups === 1 ? 'lookup' : 'lookups'}`;
}
