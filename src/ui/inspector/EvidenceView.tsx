import type { Evidence } from '../../sim/engine/explain/explanation.ts';
import type { Origin } from '../../sim/linux/origin.ts';
import { ScrollBox } from '../parts/ScrollBox.tsx';

/** Lines around the one that matters: enough to see its neighbours. */
const CONTEXT_LINES = 3;

/** A piece of a tool's output, with the line that decided, and who wrote it. */
export function EvidenceView({ evidence }: { readonly evidence: Evidence }) {
  const { lines, highlight, firstLine } = evidence;
  const from = highlight === null ? 0 : Math.max(0, highlight - CONTEXT_LINES);
  const to = highlight === null ? 2 * CONTEXT_LINES : highlight + CONTEXT_LINES + 1;
  const shown = lines.slice(from, to);
  return (
    <figure className="evidence">
      <figcaption>{evidence.title}</figcaption>
      <ScrollBox className="mono" label={evidence.title}>
        <div className="mono-command" title={evidence.command}>
          $ {evidence.command}
        </div>
        {from > 0 && <div className="mono-more">… {count(from + firstLine - 1)} above</div>}
        {shown.map((line, index) => {
          const isMarked = from + index === highlight;
          const number = firstLine + from + index;
          return (
            <div key={number} className={isMarked ? 'mono-line mono-marked' : 'mono-line'} title={line}>
              {isMarked ? <mark>{line}</mark> : line}
            </div>
          );
        })}
        {lines.length === 0 && <div className="mono-more">(prints nothing)</div>}
        {highlight === null && lines.length > 0 && (
          <div className="mono-more">the line that would match is missing</div>
        )}
        {to < lines.length && <div className="mono-more">… {count(lines.length - to)} below</div>}
      </ScrollBox>
      {evidence.origin !== undefined && <OriginLine origin={evidence.origin} />}
    </figure>
  );
}

const count = (lines: number): string => (lines === 1 ? '1 line' : `${lines} lines`);

/** Who wrote a kernel object, for which Kubernetes object, and why. */
export function OriginLine({ origin }: { readonly origin: Origin }) {
  return (
    <p className={origin.fault ? 'origin origin-fault' : 'origin'}>
      Written by <strong>{origin.by}</strong>
      {origin.for !== undefined && (
        <>
          {' '}
          for <strong>{origin.for}</strong>
        </>
      )}
      {origin.why !== undefined && <>: {origin.why}</>}.
    </p>
  );
}
