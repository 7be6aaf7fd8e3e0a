import { lazy, Suspense, useRef, useState } from 'react';
import { useApp } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { Popover } from '../parts/Popover.tsx';
import { useIdleReason, useSwitches } from '../policies/use-switches.ts';

const PolicyPanel = lazy(() =>
  import('../policies/PolicyPanel.tsx').then((module) => ({ default: module.PolicyPanel })),
);

/** The switches of all policies; where there are none, the way to the first one. */
export function PoliciesKnob() {
  const { desk, preferences } = useApp();
  const switches = useSwitches();
  const reason = useIdleReason();
  const isIdle = switches.some(({ policy }) => reason(policy.kind) !== null);
  const details = useRef<HTMLDetailsElement>(null);
  const [isOpen, setOpen] = useState(false);
  if (switches.length === 0) {
    const add = (): void => {
      desk.show({ kind: 'new' });
      preferences.set({ dockTab: 'policies', dockOpen: true });
    };
    return (
      <button type="button" className="chip chip-quiet" onClick={add}>
        <Icon name="policy" size={12} />
        Add a policy
      </button>
    );
  }
  const on = switches.filter(({ state }) => state === 'on').length;
  return (
    <Popover
      className="popover-start knob policies-knob"
      popoverRef={details}
      onToggle={setOpen}
      summary={
        <summary>
          <Icon name={isIdle ? 'warning' : 'policy'} size={12} />
          <span className="quiet">Policies</span>
          <span>{on === switches.length ? on : `${on} of ${switches.length}`}</span>
          {isIdle && <span className="visually-hidden">, not enforced</span>}
          <Icon name="down" size={12} />
        </summary>
      }
    >
      <div className="popover-body policy-panel">
        {isOpen && (
          <Suspense fallback={<p className="quiet">Loading …</p>}>
            <PolicyPanel
              onLeave={() => {
                if (details.current) details.current.open = false;
              }}
            />
          </Suspense>
        )}
      </div>
    </Popover>
  );
}
