import { same } from '../../sim/base/same.ts';
import { spreadZones } from '../../sim/kube/zones.ts';
import { sizeOf } from '../../sim/scenario/normalise.ts';
import type { ClusterSize } from '../../sim/scenario/scenario.ts';
import { useApp, useSession } from '../app-model.ts';

/** Where the nodes stand. Like every knob, and unlike the fields below it, a choice takes effect at once. */
export function NodePlaces() {
  const { document } = useApp();
  const state = useSession((now) => now.state);
  const size = sizeOf(state);
  const choose = (change: Partial<ClusterSize>): void => document.apply({ type: 'ClusterSized', ...size, ...change });
  return (
    <div className="node-places">
      <Choice
        label="Zones"
        title="The label topology.kubernetes.io/zone; a node's own is chosen in the inspector"
        options={[0, 2, 3].map((count) => {
          const zones = spreadZones(size.nodes, count);
          return {
            text: count === 0 ? 'None' : String(count),
            isChosen: same(size.zones ?? [], zones),
            change: { zones },
          };
        })}
        onChoose={choose}
      />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly title: string;
  readonly options: readonly {
    readonly text: string;
    readonly isChosen: boolean;
    readonly change: Partial<ClusterSize>;
  }[];
  readonly onChoose: (change: Partial<ClusterSize>) => void;
}

function Choice({ label, title, options, onChoose }: ChoiceProps) {
  return (
    <div className="node-place" title={title}>
      <span>{label}</span>
      <fieldset className="segmented" aria-label={label}>
        {options.map(({ text, isChosen, change }) => (
          <button key={text} type="button" aria-pressed={isChosen} onClick={() => onChoose(change)}>
            {text}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
