import { toScenario } from '../../sim/scenario/compact.ts';
import { comebackOf } from '../../sim/scenario/resync.ts';
import type { FaultEvent, ScenarioState } from '../../sim/scenario/scenario.ts';
import type { ScenarioDocument } from '../../store/document.ts';
import { useApp, useSession } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { Popover } from '../parts/Popover.tsx';
import { countFaults, faultWords, isFault, isListed } from './fault-words.ts';
import { SyncButtons } from './Resync.tsx';

/** What is broken on purpose: a badge with the number, and each fault with its own way back. Nothing while nothing is broken. */
export function FaultList() {
  const { document } = useApp();
  const state = useSession((session) => session.state);
  const { faults } = state;
  const listed = faults.filter(isListed);
  if (listed.length === 0) return null;
  return (
    <Popover
      className="popover-start"
      summary={
        <summary className="chip chip-fault">
          <Icon name="fault" size={12} />
          {countFaults(listed)}
        </summary>
      }
    >
      <div className="popover-body">
        <ul className="fault-list" aria-label="Active faults">
          {listed.map((fault, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same line may be deleted twice.
            <li key={index}>
              <span>
                {faultWords(fault)}
                <Again fault={fault} state={state} />
              </span>
              <button type="button" className="button button-small" onClick={() => undoFault(document, state, fault)}>
                {isFault(fault) ? 'Undo this fault' : 'Undo this change'}
              </button>
            </li>
          ))}
        </ul>
        <SyncButtons state={state} />
      </div>
    </Popover>
  );
}

function Again({ fault, state }: { readonly fault: FaultEvent; readonly state: ScenarioState }) {
  const comeback = comebackOf(state, fault);
  if (comeback === null || comeback.isStopped) return null;
  return <span className="quiet fault-again">{comeback.when}</span>;
}

/** Takes one fault out, wherever it stands among later edits. */
export function undoFault(document: ScenarioDocument, state: ScenarioState, fault: FaultEvent): void {
  document.replace(toScenario({ ...state, faults: state.faults.filter((other) => other !== fault) }));
}
