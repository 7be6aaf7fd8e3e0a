import { type CSSProperties, type KeyboardEvent, memo, type PointerEvent, useEffect, useMemo, useRef } from 'react';
import type { Trace } from '../../sim/engine/trace.ts';
import { useApp, usePlayhead } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { bandsOf, type Column, columnAt, columnsOf, columnUnder, isLoud, shortFold, shortPlace } from './columns.ts';

/** Narrower, and the marks would touch: then the track scrolls. */
const MARK_MIN_PX = 30;

/** Two lanes, request and reply, with the marks of the trace. Drag or press keys to move in time. */
export function Timeline({ trace }: { readonly trace: Trace }) {
  const { playhead } = useApp();
  const step = usePlayhead((state) => state.step);
  const detail = usePlayhead((state) => state.detail);
  const columns = useMemo(() => columnsOf(trace, detail), [trace, detail]);
  const track = useRef<HTMLDivElement>(null);
  const now = columnAt(columns, step);
  const column = columns[now];
  useEffect(() => {
    track.current?.querySelector(`[data-column="${now}"]`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [now]);
  const scrub = (event: PointerEvent<HTMLDivElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const under = columns[columnUnder(columns, (event.clientX - box.left) / box.width)];
    if (under) playhead.seek(under.step);
  };
  const total = columns.reduce((sum, { width }) => sum + width, 0);
  return (
    <div className={trace.verdict.good ? 'timeline' : 'timeline timeline-stopped'}>
      <div className="timeline-labels" aria-hidden="true">
        <span>
          Request <Icon name="arrow" size={12} />
        </span>
        <span>where</span>
        <span>
          Reply <Icon name="arrow-back" size={12} />
        </span>
      </div>
      <div className="timeline-scroll">
        <div
          ref={track}
          className="track"
          role="slider"
          tabIndex={0}
          aria-label="Position in the trace"
          aria-valuemin={1}
          aria-valuemax={trace.steps.length}
          aria-valuenow={step + 1}
          aria-valuetext={`Step ${step + 1} of ${trace.steps.length}: ${column?.title ?? ''}`}
          style={trackStyle(columns, total)}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            playhead.pause();
            scrub(event);
          }}
          onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && scrub(event)}
          onKeyDown={(event) => onPageKey(event, (by) => playhead[by > 0 ? 'nextMark' : 'prevMark']())}
        >
          <Columns columns={columns} now={now} />
          <Bands columns={columns} now={now} />
        </div>
      </div>
    </div>
  );
}

/** Arrow keys, Home and End are the app's own; a slider also knows the page keys. */
function onPageKey(event: KeyboardEvent, move: (by: 1 | -1) => void): void {
  if (event.key !== 'PageUp' && event.key !== 'PageDown') return;
  event.preventDefault();
  move(event.key === 'PageUp' ? 1 : -1);
}

function trackStyle(columns: readonly Column[], total: number): CSSProperties {
  return {
    gridTemplateColumns: columns.map(({ width }) => `minmax(0, ${width}fr)`).join(' '),
    minWidth: total * MARK_MIN_PX,
  };
}

const Columns = memo(function Columns({ columns, now }: { readonly columns: readonly Column[]; readonly now: number }) {
  return columns.map((column, index) => (
    <div
      key={`${column.packet}-${column.step}`}
      data-column={index}
      title={column.title}
      className={columnClass(column, index, now)}
      style={{ gridColumn: index + 1 }}
    >
      <Marker column={column} />
    </div>
  ));
});

function columnClass({ lane }: Column, index: number, now: number): string {
  const when = index < now ? 'column-past' : index === now ? 'column-past column-now' : '';
  return `column column-${lane} ${when}`;
}

const SHORT: Partial<Record<Column['kind'], string>> = {
  dnat: 'DNAT',
  snat: 'SNAT',
  encap: 'encap',
  decap: 'decap',
  policy: 'rule',
  drop: 'drop',
};

function Marker({ column }: { readonly column: Column }) {
  const { kind, title } = column;
  if (kind === 'lookup') return <span className="marker-fold marker-lookup">{column.label ?? title}</span>;
  if (kind === 'fold') return <span className="marker-fold">{shortFold(title)}</span>;
  if (!isLoud(kind)) return <span className={kind === 'step' ? 'marker marker-step' : 'marker'} />;
  return (
    <>
      <span className={`marker marker-loud marker-${kind}`}>{kind !== 'step' && <Icon name={kind} size={14} />}</span>
      {SHORT[kind] !== undefined && <span className="column-label">{SHORT[kind]}</span>}
    </>
  );
}

function Bands({ columns, now }: { readonly columns: readonly Column[]; readonly now: number }) {
  const bands = useMemo(() => bandsOf(columns), [columns]);
  return bands.map(({ from, to, ns }) => (
    <div
      key={from}
      className={now >= from && now <= to ? 'band band-now' : 'band'}
      style={{ gridColumn: `${from + 1} / ${to + 2}` }}
      title={ns}
    >
      <span>{shortPlace(ns)}</span>
    </div>
  ));
}
