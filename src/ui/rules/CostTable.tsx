import { SIZES } from '../../sim/engine/cost-curve.ts';
import { type CostLine, count, type LinePoint, pointAt } from './cost-lines.ts';

/** The numbers of the charts: those of the chosen size, and all of them on request. */
export function CostTable({ lines, size }: { readonly lines: readonly CostLine[]; readonly size: number }) {
  return (
    <div className="cost-numbers">
      <Numbers caption={caption(size)} rows={lines.map((line) => ({ line, point: pointAt(line, size) }))} />
      <details>
        <summary>All numbers</summary>
        {SIZES.filter((each) => each !== size && lines.some((line) => pointAt(line, each))).map((each) => (
          <Numbers
            key={each}
            caption={caption(each)}
            rows={lines.map((line) => ({ line, point: pointAt(line, each) }))}
          />
        ))}
      </details>
    </div>
  );
}

const caption = (size: number): string => (size === 0 ? 'The cluster as it is' : `With ${count(size)} Services added`);

interface NumbersProps {
  readonly caption: string;
  readonly rows: readonly { readonly line: CostLine; readonly point: LinePoint | undefined }[];
}

function Numbers({ caption: text, rows }: NumbersProps) {
  return (
    <table className="rules-table">
      <caption>{text}</caption>
      <thead>
        <tr>
          <th scope="col">Mode</th>
          <th scope="col">Rules evaluated</th>
          <th scope="col">Lookups</th>
          <th scope="col">Rules installed</th>
          <th scope="col">Entries installed</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ line, point }) => (
          <tr key={`${line.id} ${line.mode}`}>
            <th scope="row">{line.label}</th>
            {point ? <Cells point={point} /> : <td colSpan={4}>{line.why === null ? '…' : firstClause(line.why)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The whole reason stands in the picker. */
const firstClause = (why: string): string => why.replace(/[:.] .*$/, '');

function Cells({ point: { first, installed, good } }: { readonly point: LinePoint }) {
  if (!good) return <td colSpan={4}>the packet does not arrive</td>;
  return (
    <>
      <td>{count(first.rules)}</td>
      <td>{count(first.lookups)}</td>
      <td>{count(installed.rules)}</td>
      <td>{count(installed.entries)}</td>
    </>
  );
}
