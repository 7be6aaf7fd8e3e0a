import type { DriverChoice } from '../app-model.ts';
import { provenance, provenanceOfAll } from './provenance.ts';

interface DriverKnobProps {
  readonly label: string;
  readonly className?: string;
  readonly drivers: readonly DriverChoice[];
  readonly value: { readonly id: string; readonly mode: string };
  readonly onChoose: (id: string, mode: string) => void;
}

/** A driver and its mode are one choice. */
export function DriverKnob({ label, className = 'knob', drivers, value, onChoose }: DriverKnobProps) {
  const driver = drivers.find(({ id }) => id === value.id);
  const mode = driver?.modes.find(({ id }) => id === value.mode);
  return (
    <label className={className} title={driver && `${mode?.about ?? driver.about}\n${provenance(driver, mode)}`}>
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
