import type { Trace } from '../sim/engine/trace.ts';
import { Icon } from './parts/Icon.tsx';

interface VerdictStripProps {
  readonly trace: Trace;
  readonly onStep: (step: number) => void;
}

/** What the program printed, one plain sentence why, and the smallest change that would let it through. */
export function VerdictStrip({ trace, onStep }: VerdictStripProps) {
  const { verdict } = trace;
  const step = verdict.step;
  return (
    <section className={verdict.good ? 'verdict verdict-good' : 'verdict verdict-stopped'} aria-label="Verdict">
      <span className="verdict-badge">
        <Icon name={verdict.good ? 'check' : 'cross'} />
        <span className="visually-hidden">{verdict.good ? 'Arrived:' : 'Stopped:'}</span>
        {verdict.printed}
      </span>
      <div className="verdict-words">
        <p className="verdict-sentence">{verdict.sentence}</p>
        {verdict.remedy !== null && <p className="verdict-remedy">{verdict.remedy}</p>}
      </div>
      {step !== null && (
        <button type="button" className="button button-small" onClick={() => onStep(step)}>
          Go to the step
        </button>
      )}
    </section>
  );
}
