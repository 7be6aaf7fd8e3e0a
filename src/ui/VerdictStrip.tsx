import type { Trace } from '../sim/engine/trace.ts';
import { Icon } from './parts/Icon.tsx';
import { Popover } from './parts/Popover.tsx';
import { ScrollBox } from './parts/ScrollBox.tsx';

interface VerdictStripProps {
  readonly trace: Trace;
  readonly onStep: (step: number) => void;
  /** Shows what the policies say; null where there are none. */
  readonly onWhy: (() => void) | null;
}

/** One plain sentence and the smallest change that would let it through; beside it, what the program printed. */
export function VerdictStrip({ trace, onStep, onWhy }: VerdictStripProps) {
  const { good, sentence, printed, remedy, step } = trace.verdict;
  return (
    <section className={good ? 'verdict verdict-good' : 'verdict verdict-stopped'} aria-label="Verdict">
      <span className="verdict-badge">
        <Icon name={good ? 'check' : 'cross'} />
        {good ? 'Arrived' : 'Stopped'}
      </span>
      <div className="verdict-words">
        <p className="verdict-sentence">{sentence}</p>
        {remedy !== null && (
          <p className="verdict-remedy">
            <span>
              <strong>To fix it:</strong> {remedy}
            </span>
            <Printed text={printed} />
          </p>
        )}
      </div>
      {remedy === null && <Printed text={printed} />}
      {onWhy !== null && (
        <button type="button" className="button button-small" onClick={onWhy}>
          Policies: why
        </button>
      )}
      {step !== null && (
        <button type="button" className="button button-small" onClick={() => onStep(step)}>
          Go to the step
        </button>
      )}
    </section>
  );
}

/** More lines than fit are shown where a terminal would have them. */
const LINES_MAX = 2;

function Printed({ text }: { readonly text: string }) {
  const lines = text.split('\n');
  if (lines.length > LINES_MAX)
    return (
      <Popover summary={<summary className="button button-small">What it prints</summary>}>
        <div className="popover-body printed-body">
          <ScrollBox className="mono" label="What the program prints">
            <pre>{text.trim()}</pre>
          </ScrollBox>
        </div>
      </Popover>
    );
  return (
    <code className="verdict-printed" title={`What the program prints:\n${text}`}>
      {lines.join(' · ')}
    </code>
  );
}
