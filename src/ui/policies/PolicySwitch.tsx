import { useId } from 'react';
import type { SwitchedPolicy } from '../../sim/scenario/policy-switches.ts';
import type { PolicyState } from '../../sim/scenario/scenario.ts';
import { useApp } from '../app-model.ts';
import { policyName } from './policy-words.ts';

const STATES: readonly (readonly [state: PolicyState, label: string, about: string])[] = [
  ['on', 'On', 'It is enforced.'],
  ['staged', 'Staged', 'Nobody enforces it; the reasons and the matrix tell what it would do.'],
  ['off', 'Off', 'As if it were not there.'],
];

/** A policy's switch. The packet is traced again at once. */
export function PolicySwitch({ of: { ref, policy, state } }: { readonly of: SwitchedPolicy }) {
  const { document } = useApp();
  const name = useId();
  return (
    <fieldset className="policy-switch">
      <legend className="visually-hidden">{`Switch of ${policy.kind} ${policyName(policy)}`}</legend>
      {STATES.map(([to, label, about]) => (
        <label key={to} className={`policy-state policy-state-${to}`} title={about}>
          <input
            type="radio"
            className="visually-hidden"
            name={name}
            checked={state === to}
            onChange={() => document.apply({ type: 'PolicySwitched', ref, to })}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
