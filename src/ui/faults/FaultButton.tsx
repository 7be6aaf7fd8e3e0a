import type { FaultEvent } from '../../sim/scenario/scenario.ts';
import { useApp } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';

interface FaultButtonProps {
  readonly label: string;
  readonly event: FaultEvent;
  readonly disabled?: boolean;
}

/** Breaks one thing; the bar then shows it with its way back. */
export function FaultButton({ label, event, disabled }: FaultButtonProps) {
  const { document } = useApp();
  return (
    <button
      type="button"
      className="button button-small button-fault"
      disabled={disabled}
      onClick={() => document.apply(event)}
    >
      <Icon name="fault" />
      {label}
    </button>
  );
}
