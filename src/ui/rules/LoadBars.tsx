import { scaleLinear } from 'd3-scale';
import type { Distribution, EndpointShare } from '../../sim/engine/distribute.ts';
import { Icon } from '../parts/Icon.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';

const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : 1 });

/** One bar for each endpoint; the line across it is what theory expects, the soft band what a draw may well be off. */
export function LoadBars({ distribution }: { readonly distribution: Distribution }) {
  const { connections, endpoints, failures, theory } = distribution;
  const isDrawn = theory.law?.kind === 'random';
  const most = Math.max(1, ...endpoints.map((each) => Math.max(each.count, upper(each, connections, isDrawn))));
  const x = scaleLinear().domain([0, most]).range([0, 100]).nice();
  const { fits, words } = theory.verdict;
  return (
    <>
      <p className="rules-sentence" aria-live="polite">
        {theory.sentence}{' '}
        <strong className={`load-verdict load-${fits}`}>
          {fits !== 'open' && <Icon name={fits === 'yes' ? 'check' : 'warning'} size={12} />} {words}
        </strong>
        {failures.map(({ outcome, count }) => (
          <span key={outcome} className="load-failed">
            {' '}
            {number(count)} of {number(connections)} failed: {outcome}.
          </span>
        ))}
      </p>
      <ScrollBox className="load-scroll" label="Connections by endpoint">
        <table className="rules-table load-table">
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col">Connections</th>
              <th scope="col">Expected</th>
              <th scope="col" className="load-bar-head">
                <span className="visually-hidden">As a bar</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {endpoints.map((each) => (
              <tr key={each.endpoint}>
                <th scope="row">
                  {each.pod ?? each.endpoint} <span className="quiet">{placeOf(each)}</span>
                </th>
                <td>{number(each.count)}</td>
                <td>{number(each.share * connections)}</td>
                <td className="load-bar-cell">
                  <Bar each={each} connections={connections} isDrawn={isDrawn} x={x} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </>
  );
}

function placeOf({ endpoint, pod, node, failed }: EndpointShare): string {
  const place = pod === null ? '' : endpoint;
  return [place, node === null ? '' : `on ${node}`, failed > 0 ? `${failed} failed` : ''].filter(Boolean).join(' ');
}

/** Two standard deviations of a binomial count: 19 of 20 draws lie within. */
const slack = ({ share }: EndpointShare, connections: number): number =>
  2 * Math.sqrt(connections * share * (1 - share));

const upper = (each: EndpointShare, connections: number, isDrawn: boolean): number =>
  each.share * connections + (isDrawn ? slack(each, connections) : 0);

interface BarProps {
  readonly each: EndpointShare;
  readonly connections: number;
  readonly isDrawn: boolean;
  readonly x: (value: number) => number;
}

function Bar({ each, connections, isDrawn, x }: BarProps) {
  const expected = each.share * connections;
  const low = Math.max(0, expected - slack(each, connections));
  const percent = (value: number): string => `${value}%`;
  return (
    <div className="load-bar">
      <div className="load-fill" style={{ width: percent(x(each.count)) }} />
      {isDrawn && expected > 0 && (
        <div
          className="load-band"
          style={{ left: percent(x(low)), width: percent(x(upper(each, connections, true)) - x(low)) }}
        />
      )}
      {expected > 0 && <div className="load-expected" style={{ left: percent(x(expected)) }} />}
    </div>
  );
}
