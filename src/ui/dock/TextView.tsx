import { memo, useEffect, useMemo, useRef } from 'react';
import { lookupTitle } from '../../sim/engine/explain/lookup-words.ts';
import type { Trace, TracePacket } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { useApp, useExplain, usePlayhead } from '../app-model.ts';
import { CopyButton } from '../parts/CopyButton.tsx';
import { type TextLine, traceLines, traceText } from './trace-text.ts';

interface TextViewProps {
  readonly trace: Trace;
  readonly world: World;
  /** It is the whole page below a verdict, and not a panel. */
  readonly isPage?: boolean;
}

/** The whole trace as an ordered list: for reading aloud, for copying, and for a phone. */
export function TextView({ trace, world, isPage = false }: TextViewProps) {
  const { playhead } = useApp();
  const explain = useExplain();
  const step = usePlayhead((state) => state.step);
  const detail = usePlayhead((state) => state.detail);
  const lines = useMemo(
    () => (explain === null ? [] : traceLines(trace, detail, (at) => explain(trace, world, at))),
    [trace, world, detail, explain],
  );
  const list = useRef<HTMLDivElement>(null);
  const shown = useRef(-1);
  const now = lines.findLast((line) => line.step <= step)?.step ?? -1;
  useEffect(() => {
    // Opening the view moves nothing: what is at the top is read first.
    const isFirst = shown.current < 0;
    shown.current = now;
    if (now < 0 || (isFirst && isPage)) return;
    list.current?.querySelector('[aria-current="step"]')?.scrollIntoView({ block: 'nearest' });
  }, [now, isPage]);
  const isLookup = ({ firstStep }: TracePacket): boolean => firstStep < (trace.lookup?.steps ?? 0);
  const steps = (packet: TracePacket) => (
    <PacketSteps key={packet.id} packet={packet} lines={lines} now={now} onStep={playhead.seek} />
  );
  return (
    <div className="text-view" ref={list}>
      <div className="panel-head">
        <p>{isPage ? <strong>Step by step</strong> : trace.verdict.sentence}</p>
        <CopyButton text={traceText(trace, lines)} label="Copy as text" wide />
      </div>
      {trace.lookup !== null && (
        <details className="text-lookup" open>
          <summary>{lookupTitle(trace.lookup)}</summary>
          {trace.packets.filter(isLookup).map(steps)}
        </details>
      )}
      {trace.packets.filter((packet) => !isLookup(packet)).map(steps)}
    </div>
  );
}

interface PacketStepsProps {
  readonly packet: TracePacket;
  readonly lines: readonly TextLine[];
  readonly now: number;
  readonly onStep: (step: number) => void;
}

function PacketSteps({ packet, lines, now, onStep }: PacketStepsProps) {
  const own = lines.filter((line) => line.packet === packet.id);
  if (own.length === 0) return null;
  return (
    <section aria-label={`${packet.id}: ${packet.title}`}>
      <h2>
        {packet.title}
        <span className="quiet">
          {packet.lane}
          {packet.repeats !== null && ', same path, from conntrack'}, {packet.fate}
        </span>
      </h2>
      <ol className="text-steps">
        {own.map((line) => (
          <Line key={line.step} line={line} isNow={line.step === now} onStep={onStep} />
        ))}
      </ol>
    </section>
  );
}

const Line = memo(function Line(props: {
  readonly line: TextLine;
  readonly isNow: boolean;
  readonly onStep: (step: number) => void;
}) {
  const { line, isNow, onStep } = props;
  return (
    <li aria-current={isNow ? 'step' : undefined}>
      <span>{line.step + 1}</span>
      <button type="button" onClick={() => onStep(line.step)}>
        <span className="text-place">{line.place} </span>
        <span>
          <strong>{line.title}.</strong> {line.sentence}
          {line.changes.map((change) => (
            <span key={change} className="text-changes">
              {change}
            </span>
          ))}
        </span>
      </button>
    </li>
  );
});
