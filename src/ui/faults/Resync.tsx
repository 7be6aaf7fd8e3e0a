/** Deleted rules do not stay deleted: who writes them again, when, and the click that lets it happen now. */
import { comebackOf, deletionsOn, healedBySync } from '../../sim/scenario/resync.ts';
import type { FaultEvent, ScenarioState } from '../../sim/scenario/scenario.ts';
import { useApp, useSession } from '../app-model.ts';
import { FaultButton } from './FaultButton.tsx';

/** More different ways back than that are not read. */
const SENTENCES_MAX = 2;

/** What was deleted on one machine. Nothing where nothing was. */
export function Resync({ ns }: { readonly ns: string }) {
  const state = useSession((session) => session.state);
  const deleted = deletionsOn(state, ns);
  if (deleted.length === 0) return null;
  const what = deleted.length === 1 ? '1 line' : `${deleted.length} lines`;
  return (
    <section className="resync" aria-label={`Deleted on ${ns}`}>
      <p>
        You deleted {what} on <strong>{ns}</strong>. <span className="quiet">{wayBack(state, deleted)}</span>
      </p>
      <SyncButton state={state} node={ns} />
    </section>
  );
}

function wayBack(state: ScenarioState, deleted: readonly FaultEvent[]): string {
  const ways = deleted.map((fault) => comebackOf(state, fault));
  const whens = [...new Set(ways.flatMap((way) => (way && !way.isStopped ? [way.when] : [])))];
  if (whens.length > 0) return `${whens.slice(0, SENTENCES_MAX).join(' ')} Here it happens when you say so.`;
  if (ways.some((way) => way?.isStopped)) return 'The proxy is stopped here: nobody writes again what it wrote.';
  return 'Nobody writes it again.';
}

/** One for each node that has something to make whole. */
export function SyncButtons({ state }: { readonly state: ScenarioState }) {
  const nodes = [...new Set(state.faults.flatMap((fault) => ('ns' in fault ? [fault.ns] : [])))];
  return nodes.map((node) => <SyncButton key={node} state={state} node={node} isNamed />);
}

interface SyncButtonProps {
  readonly state: ScenarioState;
  readonly node: string;
  readonly isNamed?: boolean;
}

function SyncButton({ state, node, isNamed = false }: SyncButtonProps) {
  const { proxies } = useApp();
  if (healedBySync(state, node).length === 0) return null;
  const proxy = proxies.find(({ id }) => id === state.proxy.id)?.label ?? state.proxy.id;
  const label = `Let ${proxy}${isNamed ? ` on ${node}` : ''} sync now`;
  return <FaultButton label={label} event={{ type: 'ProxySynced', node }} mends />;
}
