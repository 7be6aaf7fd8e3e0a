import type { ReactNode } from 'react';
import type { MatrixPort } from '../../sim/engine/reach.ts';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { lineText, STATE_WORDS } from './cell-words.ts';
import type { CellAt } from './draw-matrix.ts';
import type { CellState, MatrixCells } from './matrix-cells.ts';
import { portKey } from './matrix-view.ts';

interface MatrixListProps {
  readonly cells: MatrixCells;
  readonly ports: readonly MatrixPort[];
  readonly onOpen: (at: CellAt) => void;
  readonly detail: ReactNode;
}

const STATES: readonly CellState[] = ['allowed', 'partly', 'unknown', 'denied'];
/** More lines than this are not read: fold, or choose a namespace. */
const LINES_MAX = 200;

/** The same as text: who may reach whom, sender by sender. */
export function MatrixList({ cells, ports, onOpen, detail }: MatrixListProps) {
  const { lines } = cells;
  return (
    <div className="matrix-body">
      <ScrollBox className="matrix-list" label="Who may reach whom">
        {lines.length > LINES_MAX && (
          <p className="quiet">
            The first {LINES_MAX} of {lines.length}: fold by workload, or choose a namespace.
          </p>
        )}
        <dl>
          {lines.slice(0, LINES_MAX).map((line, row) => (
            <div key={line.key} className="matrix-list-row">
              <dt>{lineText(line)}</dt>
              {STATES.map((state) => {
                const columns = lines.flatMap((_, column) => (cells.stateAt(row, column) === state ? [column] : []));
                if (columns.length === 0) return null;
                return (
                  <dd key={state}>
                    <span className={`matrix-word matrix-${state}`}>{STATE_WORDS[state]}</span>
                    {columns.length === lines.length ? ' to everybody' : ' to '}
                    {columns.slice(0, LINES_MAX).map((column) => (
                      <button
                        key={column}
                        type="button"
                        className="link-button"
                        onClick={() => onOpen({ row, column })}
                      >
                        {lineText(lines[column] ?? line)}
                      </button>
                    ))}
                  </dd>
                );
              })}
            </div>
          ))}
        </dl>
        <p className="quiet">On {ports.map(portKey).join(', ')}.</p>
      </ScrollBox>
      {detail}
    </div>
  );
}
