import { useEffect, useMemo, useRef, useState } from 'react';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { useApp, usePlayhead } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { useRowWindow } from './use-row-window.ts';
import {
  allRows,
  hopWithRules,
  rowKey,
  type Seen,
  type WalkedRow,
  walkedRows,
  type Xray,
  type XrayRow,
  xrayOf,
  xrayRows,
} from './xray.ts';

export const ROW_PX = 22;

const NOTHING: Xray = { seen: new Map(), evaluated: 0, matched: 0 };

/** The generated rules of the machine where the packet is, walked line by line. */
export function RulesTab({ trace, world }: { readonly trace: Trace; readonly world: World }) {
  const step = usePlayhead((state) => state.step);
  const [isAll, setAll] = useState(false);
  const hop = useMemo(
    () => hopWithRules(trace, step, (ns) => (world.namespaces.get(ns)?.iptables.size ?? 0) > 0),
    [trace, world, step],
  );
  const ns = hop?.ns ?? '';
  const ruleset = world.namespaces.get(ns)?.iptables;
  const rows = useMemo(() => (ruleset ? xrayRows(ruleset) : []), [ruleset]);
  const xray = useMemo(() => (hop ? xrayOf(trace.steps, hop, step) : NOTHING), [trace, hop, step]);
  const shown = useMemo(() => {
    if (isAll) return allRows(rows, xray, step);
    return hop ? walkedRows(rows, trace.steps, hop, step) : [];
  }, [isAll, rows, xray, trace, hop, step]);
  const now = trace.steps[step];
  const current = now?.kind === 'rule' && now.ns === ns ? rowKey(now.table, now.chain, now.index) : null;
  if (rows.length === 0) return <p className="dock-empty">No machine on the way of this packet has any rules.</p>;
  return (
    <div className="xray">
      <div className="panel-head">
        <p>
          <code>iptables-save</code> on <strong>{ns}</strong>
          {now !== undefined && now.ns !== ns && <span className="quiet"> ({now.ns} itself has no rules)</span>}
        </p>
        <p className="quiet" aria-live="polite">
          {countWords(xray)}
        </p>
        <label className="toggle">
          <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.target.checked)} />
          All {rows.length} lines, in the order of the file
        </label>
      </div>
      {shown.length === 0 ? (
        <p className="dock-empty">The packet has met no rule in this visit so far. Step on, or show all lines.</p>
      ) : (
        <Rows rows={shown} isWalk={!isAll} current={current} ns={ns} />
      )}
    </div>
  );
}

function countWords({ evaluated, matched }: Xray): string {
  if (evaluated === 0) return 'No rule evaluated yet in this visit';
  return `${evaluated} ${evaluated === 1 ? 'rule' : 'rules'} evaluated so far in this visit, ${matched} matched`;
}

interface RowsProps {
  readonly rows: readonly WalkedRow[];
  /** In the order of the walk: what came last is what is new. */
  readonly isWalk: boolean;
  readonly current: string | null;
  readonly ns: string;
}

/** Only the rows in view are drawn: a node may have tens of thousands. */
function Rows({ rows, isWalk, current, ns }: RowsProps) {
  const box = useRef<HTMLElement>(null);
  const { first, end, offsetPx, heightPx } = useRowWindow(box, rows.length, ROW_PX);
  const at =
    current === null ? -1 : rows.findLastIndex(({ row }) => rowKey(row.table, row.chain, row.index) === current);
  useEffect(() => {
    const view = box.current;
    const shown = at < 0 && isWalk ? rows.length - 1 : at;
    if (view === null || shown < 0) return;
    const top = shown * ROW_PX;
    if (top < view.scrollTop || top + ROW_PX > view.scrollTop + view.clientHeight) {
      view.scrollTop = top - view.clientHeight / 2;
    }
  }, [at, isWalk, rows]);
  return (
    <ScrollBox boxRef={box} className="xray-rows" label={`Rules of ${ns}`}>
      <div className="xray-space" style={{ height: heightPx, paddingTop: offsetPx }}>
        {rows.slice(first, end).map(({ row, seen, step }, index) => (
          <Row
            key={`${step} ${row.table} ${row.nth} ${row.text}`}
            row={row}
            seen={seen}
            isNow={first + index === at}
            ns={ns}
          />
        ))}
      </div>
    </ScrollBox>
  );
}

const WORDS: Readonly<Record<Seen, string>> = {
  matched: 'matched',
  evaluated: 'no match',
  unreached: 'not reached',
};

interface RowProps {
  readonly row: XrayRow;
  readonly seen: Seen;
  readonly isNow: boolean;
  readonly ns: string;
}

function Row({ row, seen, isNow, ns }: RowProps) {
  const { document } = useApp();
  const isRule = row.kind === 'rule';
  const remove = (): void => {
    const { table, text: line, nth } = row;
    document.apply({ type: 'RuleDeleted', ns, table, line, ...(nth > 0 && { nth }) });
  };
  return (
    <div className={`xray-row xray-${isRule ? seen : 'head'} ${isNow ? 'xray-now' : ''}`}>
      <span className="xray-word">
        {isRule && seen === 'matched' && <Icon name="check" size={12} />}
        {isRule && seen === 'evaluated' && <Icon name="minus" size={12} />}
        {isRule && WORDS[seen]}
      </span>
      <span>{row.text}</span>
      {isRule && (
        <button type="button" className="button button-small button-fault" onClick={remove}>
          Delete this rule
        </button>
      )}
    </div>
  );
}
