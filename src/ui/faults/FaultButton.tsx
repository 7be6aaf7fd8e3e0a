import type { ScenarioEvent } from '../../sim/scenario/scenario.ts';
import { useApp } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';

interface FaultButtonProps {
  readonly label: string;
  readonly event: ScenarioEvent;
  readonly disabled?: boolean;
  /** It makes whole what was broken. */
  readonly mends?: boolean;
}

/** Breaks one thing; the bar then shows it with its way back. */
export function FaultButton({ label, event, disabled, mends = false }: FaultButtonProps) {
  const { document } = useApp();
  return (
    <button
      type="button"
      className={`button button-small ${mends ? '' : 'button-fault'}`}
      disabled={disabled}
      onClick={() => document.apply(event)}
    >
      <Icon name={mends ? 'check' : 'fault'} />
      {label}
    </button>
  );
}
