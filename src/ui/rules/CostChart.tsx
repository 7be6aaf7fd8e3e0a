import { type ScalePoint, scaleLog, scalePoint } from 'd3-scale';
import { SIZES } from '../../sim/engine/cost-curve.ts';
import { useLow } from '../use-media.ts';
import { type CostLine, type Counted, comparable, count, pointAt, shortName } from './cost-lines.ts';

const WIDTH = 386;
const HEIGHT = 200;
/** In a low window the chart is smaller rather than cut off. */
const LOW_HEIGHT = 168;
const MARGIN = { top: 12, right: 126, bottom: 34, left: 60 };
const LABEL_GAP = 14;
/** Higher than most counts, so that the axis stays where it is; Services with many endpoints need a longer one. */
const VALUE_MAX = 200_000;

interface CostChartProps {
  readonly title: string;
  readonly lines: readonly CostLine[];
  readonly current: { readonly id: string; readonly mode: string };
  readonly size: number;
  readonly readOf: (point: Counted) => number;
}

/** One line for each mode, told apart by the shape of its marks, its dashes and its name. Counts stand on a logarithmic axis, sizes a step apart. */
export function CostChart({ title, lines, current, size, readOf }: CostChartProps) {
  const shown = comparable(lines);
  const height = useLow() ? LOW_HEIGHT : HEIGHT;
  const bottom = height - MARGIN.bottom;
  const values = shown.flatMap(({ points }) => points.map(readOf));
  const x = scalePoint<number>()
    .domain(SIZES)
    .range([MARGIN.left, WIDTH - MARGIN.right]);
  const y = scaleLog()
    .domain([1, Math.max(VALUE_MAX, ...values)])
    .range([bottom, MARGIN.top]);
  const drawn = shown.map((line, nth) => {
    const points = line.points.map((point) => ({
      x: x(point.added) ?? 0,
      y: y(Math.max(1, readOf(point))),
      added: point.added,
      value: readOf(point),
    }));
    const isCurrent = line.id === current.id && line.mode === current.mode;
    return { key: `${line.id} ${line.mode}`, label: shortName(line), nth, isCurrent, points };
  });
  const labels = spreadLabels(
    drawn.map(({ points }) => points.at(-1)?.y ?? 0),
    bottom,
  );
  const marked = shown.some((line) => pointAt(line, size)) ? x(size) : undefined;
  return (
    <figure className="cost-chart">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} width={WIDTH} height={height} aria-hidden="true">
        <Axes x={x} y={y} bottom={bottom} />
        {marked !== undefined && <line className="cost-here" x1={marked} x2={marked} y1={MARGIN.top} y2={bottom} />}
        {drawn.map(({ key, label, nth, isCurrent, points }, at) => {
          const last = points.at(-1);
          return (
            <g key={key} className={`cost-line cost-line-${nth % 4} ${isCurrent ? 'cost-current' : ''}`}>
              <polyline points={points.map((point) => `${point.x},${point.y}`).join(' ')} />
              {points.map((point) => (
                <path
                  key={point.added}
                  d={MARKS[nth % MARKS.length]}
                  transform={`translate(${point.x} ${point.y})`}
                  className={point.added === size ? 'cost-mark cost-mark-here' : 'cost-mark'}
                />
              ))}
              {last && (
                <text x={WIDTH - MARGIN.right + 10} y={(labels[at] ?? 0) + 4}>
                  {label} {count(last.value)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

/** Circle, square, triangle, diamond. */
const MARKS = [
  'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0',
  'M-3.5-3.5h7v7h-7z',
  'M0-4.5 4.5 3.5h-9z',
  'M0-5 5 0 0 5-5 0z',
] as const;

type Scale = ReturnType<typeof scaleLog<number, number>>;

const VALUE_TICKS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

interface AxesProps {
  readonly x: ScalePoint<number>;
  readonly y: Scale;
  readonly bottom: number;
}

function Axes({ x, y, bottom }: AxesProps) {
  const [, most = 1] = y.domain();
  return (
    <g className="cost-axes">
      {VALUE_TICKS.filter((value) => value <= most).map((value) => (
        <g key={value}>
          <line x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(value)} y2={y(value)} />
          <text x={MARGIN.left - 8} y={y(value) + 4} textAnchor="end">
            {value < 1_000_000 ? count(value) : `${value / 1_000_000}M`}
          </text>
        </g>
      ))}
      {SIZES.map((added) => (
        <text key={added} x={x(added)} y={bottom + 14} textAnchor="middle">
          {added === 0 ? 'now' : added >= 1000 ? `+${added / 1000}k` : `+${added}`}
        </text>
      ))}
      <text x={(MARGIN.left + WIDTH - MARGIN.right) / 2} y={bottom + MARGIN.bottom - 3} textAnchor="middle">
        Services added
      </text>
    </g>
  );
}

/** Moves labels apart, downwards, so that no two lie on each other. */
export function spreadLabels(wanted: readonly number[], bottom: number): readonly number[] {
  const order = wanted.map((at, nth) => ({ at, nth })).sort((a, b) => a.at - b.at);
  const placed: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, nth } of order) {
    last = Math.max(at, last + LABEL_GAP);
    placed[nth] = last;
  }
  const over = Math.max(0, last - bottom);
  return placed.map((at) => at - over);
}
