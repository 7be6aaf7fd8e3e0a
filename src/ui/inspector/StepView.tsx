import type { Explanation } from '../../sim/engine/explain/explanation.ts';
import { comebackOf } from '../../sim/scenario/resync.ts';
import { useSession } from '../app-model.ts';
import { FaultButton } from '../faults/FaultButton.tsx';
import type { FaultChoice } from '../faults/step-faults.ts';
import { CopyButton } from '../parts/CopyButton.tsx';
import { EvidenceView } from './EvidenceView.tsx';
import { HeaderStack } from './HeaderStack.tsx';

interface StepViewProps {
  readonly explanation: Explanation;
  /** What can be broken about this step. */
  readonly faults: readonly FaultChoice[];
}

/** The current step: what happened and why, the packet, the proof, and how to see it on a real cluster. */
export function StepView({ explanation, faults }: StepViewProps) {
  const { headers, evidence, conntrack, checks, counts } = explanation;
  return (
    <>
      <StepWords explanation={explanation} />
      {headers.length > 0 && <HeaderStack headers={headers} />}
      {evidence.length > 0 && (
        <section>
          <h3 className="section-title">
            Evidence
            {counts !== null && <span className="quiet">{counts}</span>}
          </h3>
          {evidence.map((piece) => (
            <EvidenceView key={`${piece.title} ${piece.command}`} evidence={piece} />
          ))}
        </section>
      )}
      <FaultRow faults={faults} />
      {conntrack !== null && (
        <section>
          <h3 className="section-title">Connection tracking here, now</h3>
          <EvidenceView evidence={conntrack} />
        </section>
      )}
      <Checks checks={checks} />
    </>
  );
}

export function FaultRow({ faults }: { readonly faults: readonly FaultChoice[] }) {
  const state = useSession((session) => session.state);
  const [first] = faults;
  if (first === undefined) return null;
  const comeback = comebackOf(state, first.event);
  return (
    <fieldset className="faults" aria-label="Break it">
      {faults.map(({ label, event }) => (
        <FaultButton key={label} label={label} event={event} />
      ))}
      {comeback !== null && (
        <p className="quiet fault-comeback">
          If it is deleted: {comeback.isStopped ? 'nobody writes it again, the proxy is stopped here.' : comeback.when}
        </p>
      )}
    </fieldset>
  );
}

/** Place, title and sentence. */
export function StepWords({ explanation }: { readonly explanation: Explanation }) {
  const { title, sentence, place } = explanation;
  return (
    <section>
      <p className="step-place">
        <span>{place.label}</span>
        {place.dev !== undefined && <span className="code">{place.dev}</span>}
        {place.hook !== undefined && <span className="code">{place.hook}</span>}
      </p>
      <h2 className="step-title">{title}</h2>
      <p className="step-sentence">{sentence}</p>
    </section>
  );
}

function Checks({ checks }: { readonly checks: readonly string[] }) {
  if (checks.length === 0) return null;
  return (
    <section>
      <h3 className="section-title">Check it on a real cluster</h3>
      <ul className="checks">
        {checks.map((command) => (
          <li key={command}>
            <code>{command}</code>
            <CopyButton text={command} label={`Copy ${command}`} />
          </li>
        ))}
      </ul>
    </section>
  );
}
