import { useApp } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { PolicySwitch } from './PolicySwitch.tsx';
import { policyName, selectsWords } from './policy-words.ts';
import { Unenforced } from './Unenforced.tsx';
import { usePolicyModels } from './use-model.ts';
import './policies.css';

interface PolicyPanelProps {
  /** Closes what the panel is in, because the dock shows what was asked for. */
  readonly onLeave: () => void;
}

/** Every policy and its switch. */
export function PolicyPanel({ onLeave }: PolicyPanelProps) {
  const { desk, preferences } = useApp();
  const models = usePolicyModels();
  if (models === null) return <p className="quiet">There is no cluster.</p>;
  const open = (page: Parameters<typeof desk.show>[0]): void => {
    desk.show(page);
    preferences.set({ dockTab: 'policies', dockOpen: true });
    onLeave();
  };
  return (
    <>
      <Unenforced />
      {models.switches.length === 0 && (
        <p className="quiet">No policy selects any pod: everything may talk to everything.</p>
      )}
      <ul className="policy-list" aria-label="Policies">
        {models.switches.map((one) => (
          <li key={one.ref}>
            <button
              type="button"
              className="policy-name"
              title={`Edit ${one.ref}`}
              onClick={() => open({ kind: 'policy', ref: one.ref })}
            >
              <strong>{policyName(one.policy)}</strong>
              <span className="quiet">
                {one.policy.kind === 'NetworkPolicy' ? '' : `${one.policy.kind}, `}
                {selectsWords(models.now, one.ref)}
              </span>
            </button>
            <PolicySwitch of={one} />
          </li>
        ))}
      </ul>
      <div className="policy-panel-foot">
        <button type="button" className="button button-small" onClick={() => open({ kind: 'new' })}>
          <Icon name="plus" />
          Add a policy
        </button>
        {models.switches.length > 0 && (
          <button type="button" className="button button-small" onClick={() => open({ kind: 'why' })}>
            Why for this packet
          </button>
        )}
      </div>
    </>
  );
}
