import type { ReactNode } from 'react';
import type { DriverChoice } from '../app-model.ts';
import { useApp, useSession } from '../app-model.ts';
import { FaultList } from '../faults/FaultList.tsx';
import { ClusterKnob } from './ClusterKnob.tsx';
import { CniKnob } from './CniKnob.tsx';
import { Notes } from './Notes.tsx';
import { provenance, provenanceOfAll } from './provenance.ts';

/** The cluster that the packet meets. Each knob takes effect at once. */
export function Knobs({ hint }: { readonly hint: ReactNode }) {
  const { document, proxies } = useApp();
  const proxy = useSession(({ state }) => state.proxy);
  const change = useSession((state) => state.change);
  const hasFaults = useSession(({ state }) => state.faults.length > 0);
  return (
    <section className="bar-row knobs" aria-label="Cluster">
      <CniKnob />
      <DriverKnob
        label="Proxy"
        drivers={proxies}
        value={proxy}
        onChoose={(id, mode) => document.apply({ type: 'ProxyChosen', proxy: id, mode })}
      />
      <ClusterKnob />
      <FaultList />
      <p className="change" aria-live="polite" title={change ?? undefined}>
        {change}
      </p>
      {!change && !hasFaults && hint}
      <Notes />
    </section>
  );
}

interface DriverKnobProps {
  readonly label: string;
  readonly drivers: readonly DriverChoice[];
  readonly value: { readonly id: string; readonly mode: string };
  readonly onChoose: (id: string, mode: string) => void;
}

/** A driver and its mode are one choice. */
function DriverKnob({ label, drivers, value, onChoose }: DriverKnobProps) {
  const driver = drivers.find(({ id }) => id === value.id);
  const mode = driver?.modes.find(({ id }) => id === value.mode);
  return (
    <label className="knob" title={driver && `${mode?.about ?? driver.about}\n${provenance(driver, mode)}`}>
      {label}
      <select
        value={`${value.id}/${value.mode}`}
        onChange={(event) => {
          const [id = '', chosen = ''] = event.target.value.split('/');
          onChoose(id, chosen);
        }}
      >
        {drivers.map((each) => (
          <optgroup key={each.id} label={`${each.label}: ${provenanceOfAll(each)}`}>
            {each.modes.map((option) => (
              <option key={option.id} value={`${each.id}/${option.id}`} title={option.about}>
                {option.label.includes(each.label) || each.modes.length === 1
                  ? option.label
                  : `${each.label}: ${option.label}`}
              </option>
            ))}
          </optgroup>
        ))}
        {mode === undefined && <option value={`${value.id}/${value.mode}`}>{`${value.id}: ${value.mode}`}</option>}
      </select>
    </label>
  );
}
