import { useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand/react';
import { policyQuestion } from '../../sim/engine/policy-question.ts';
import type { MatrixPort } from '../../sim/engine/reach.ts';
import { useSession } from '../app-model.ts';
import { Unenforced } from '../policies/Unenforced.tsx';
import { type PolicyModels, usePolicyModels } from '../policies/use-model.ts';
import { useNarrow } from '../use-media.ts';
import { cellText, reasonOf } from './cell-words.ts';
import type { CellAt } from './draw-matrix.ts';
import { MatrixBar } from './MatrixBar.tsx';
import { MatrixDetail } from './MatrixDetail.tsx';
import { MatrixGrid } from './MatrixGrid.tsx';
import { MatrixLegend } from './MatrixLegend.tsx';
import { MatrixList } from './MatrixList.tsx';
import { type CellSources, cellsOf, changeWords, countChanges, linesOf, type MatrixCells } from './matrix-cells.ts';
import { matrixView } from './matrix-view.ts';
import { useReach } from './use-reach.ts';
import './matrix.css';

/** Who may reach whom, by the specification of policies. */
export function MatrixTab() {
  const models = usePolicyModels();
  const ports = usePorts(models);
  if (models === null || ports === null) return <p className="dock-empty">There is no cluster.</p>;
  return <Matrix models={models} ports={ports} />;
}

interface PortChoice {
  readonly offered: readonly MatrixPort[];
  readonly chosen: readonly MatrixPort[];
}

const PING: MatrixPort = { protocol: 'OTHER', port: 0 };
const WEB: MatrixPort = { protocol: 'TCP', port: 80 };
const isSamePort = (a: MatrixPort, b: MatrixPort): boolean => a.protocol === b.protocol && a.port === b.port;

/** Ports that pods declare, that were typed, and the packet's own, which is chosen at first. */
function usePorts(models: PolicyModels | null): PortChoice | null {
  const trace = useSession((state) => state.trace);
  const typed = useStore(matrixView, (state) => state.typed);
  const kept = useStore(matrixView, (state) => state.ports);
  return useMemo(() => {
    if (models === null) return null;
    const question = trace && policyQuestion(trace, models.world);
    const own: readonly MatrixPort[] = question
      ? [{ protocol: question.probe.protocol, port: question.probe.port }]
      : [];
    const declared = models.now.input.pods.flatMap((pod) =>
      pod.ports.map(({ protocol, port }) => ({ protocol, port })),
    );
    const all = [...declared.toSorted((a, b) => a.port - b.port), ...own, ...typed, PING];
    const offered = all.filter((port, at) => all.findIndex((other) => isSamePort(other, port)) === at);
    const chosen = kept ?? (own.length > 0 ? own : [offered[0] ?? WEB]);
    return { offered, chosen };
  }, [models, trace, typed, kept]);
}

interface MatrixProps {
  readonly models: PolicyModels;
  readonly ports: PortChoice;
}

function Matrix({ models, ports }: MatrixProps) {
  const view = useStore(matrixView);
  const { base, namespace, unfolded } = view;
  // What is compared with is how it was when the matrix was opened, or when the marks were last dismissed.
  useEffect(() => {
    if (base === null || base.now.input.pods !== models.now.input.pods) matrixView.setState({ base: models });
  }, [base, models]);
  const sources = useReach(models, base, ports.chosen);
  const lines = useMemo(
    () => (sources === null ? [] : linesOf(sources.now.ends, { namespace, unfolded })),
    [sources, namespace, unfolded],
  );
  const cells = useMemo(() => (sources === null ? null : cellsOf(sources, lines)), [sources, lines]);
  return (
    <div className="matrix">
      <MatrixBar models={models} ports={ports} ends={sources?.now.ends ?? []}>
        <Changes sources={sources} models={models} />
      </MatrixBar>
      {sources === null || cells === null ? (
        <p className="dock-empty">Working out who may reach whom …</p>
      ) : (
        <Cells models={models} sources={sources} cells={cells} />
      )}
    </div>
  );
}

/** What the last switches opened and closed, until it is dismissed. */
function Changes({ sources, models }: { readonly sources: CellSources | null; readonly models: PolicyModels }) {
  const words = useMemo(() => (sources?.base ? changeWords(countChanges(sources.base, sources.now)) : null), [sources]);
  const would = useMemo(
    () => (sources?.would ? changeWords(countChanges(sources.now, sources.would)) : null),
    [sources],
  );
  const isOpen = models.switches.every(({ state }) => state === 'off');
  return (
    <div className="matrix-told">
      <Unenforced />
      {isOpen && <p className="quiet">No policy selects any pod: everything may talk to everything.</p>}
      <p aria-live="polite" className={words === null ? 'visually-hidden' : 'matrix-changes'}>
        {words !== null && (
          <>
            <strong>{words}</strong>
            <button type="button" className="button button-small" onClick={() => matrixView.setState({ base: models })}>
              Dismiss
            </button>
          </>
        )}
      </p>
      {would !== null && (
        <p className="matrix-staged">
          <span>
            Staged policies would change it: <strong>{would}</strong>.
          </span>
        </p>
      )}
    </div>
  );
}

interface CellsProps {
  readonly models: PolicyModels;
  readonly sources: CellSources;
  readonly cells: MatrixCells;
}

function Cells({ models, sources, cells }: CellsProps) {
  const isNarrow = useNarrow();
  const isList = useStore(matrixView, (state) => state.isList) || isNarrow;
  const pinned = useStore(matrixView, (state) => state.pinned);
  const [looked, setLooked] = useState<CellAt | null>(null);
  const { lines } = cells;
  const pinnedAt = cellAt(lines, pinned);
  const open = ({ row, column }: CellAt): void => {
    const [from, to] = [lines[row], lines[column]];
    if (from && to) matrixView.setState({ pinned: { from: from.key, to: to.key } });
  };
  const shown = looked ?? pinnedAt;
  const [from, to] = [lines[shown?.row ?? -1], lines[shown?.column ?? -1]];
  const reason = useMemo(
    () => (from && to ? reasonOf(models.now, sources.now, from, to) : null),
    [models, sources, from, to],
  );
  if (isList) {
    return <MatrixList cells={cells} ports={sources.now.ports} onOpen={open} detail={detailOf(pinnedAt)} />;
  }
  function detailOf(at: CellAt | null) {
    const [row, column] = [lines[at?.row ?? -1], lines[at?.column ?? -1]];
    return (
      at &&
      row &&
      column && <MatrixDetail key={`${row.key} ${column.key}`} {...{ models, sources, cells, at, row, column }} />
    );
  }
  return (
    <div className="matrix-body">
      <div className="matrix-main">
        <MatrixGrid
          cells={cells}
          pinned={pinnedAt}
          textOf={(at) => cellText(cells, at)}
          onLook={setLooked}
          onOpen={open}
          onFold={(line) => toggleFold(lines[line]?.group, lines[line]?.groupSize)}
        />
        <div className="matrix-foot">
          <p className="matrix-reason">
            {shown === null ? (
              <span className="quiet">Arrow keys walk, Enter opens a cell, Space folds its row.</span>
            ) : (
              <>
                <strong>{cellText(cells, shown)}</strong>
                {reason === null ? '' : `: ${reason.text}`}
              </>
            )}
          </p>
          {shown === null && <MatrixLegend />}
        </div>
      </div>
      {detailOf(pinnedAt)}
    </div>
  );
}

function cellAt(
  lines: MatrixCells['lines'],
  pinned: { readonly from: string; readonly to: string } | null,
): CellAt | null {
  if (pinned === null) return null;
  const row = lines.findIndex(({ key }) => key === pinned.from);
  const column = lines.findIndex(({ key }) => key === pinned.to);
  return row < 0 || column < 0 ? null : { row, column };
}

function toggleFold(group: string | undefined, size = 0): void {
  if (group === undefined || size < 2) return;
  const { unfolded } = matrixView.getState();
  const next = new Set(unfolded);
  if (!next.delete(group)) next.add(group);
  matrixView.setState({ unfolded: next });
}
