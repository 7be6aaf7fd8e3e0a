import { same } from '../../sim/base/same.ts';
import { farSubnetOf } from '../../sim/kube/subnets.ts';
import { spreadZones } from '../../sim/kube/zones.ts';
import { sizeOf } from '../../sim/scenario/normalise.ts';
import type { ClusterSize } from '../../sim/scenario/scenario.ts';
import { useApp, useSession } from '../app-model.ts';
import { BalancerKnob } from './BalancerKnob.tsx';

/** Where the nodes stand. Like every knob, and unlike the fields below it, a choice takes effect at once. */
export function NodePlaces() {
  const { document } = useApp();
  const state = useSession((now) => now.state);
  const { farSubnet, zones = [], ...rest } = sizeOf(state);
  const choose = (places: Places): void => document.apply({ type: 'ClusterSized', ...rest, ...places });
  const apart = farSubnetOf(rest);
  return (
    <div className="node-places">
      <Choice
        label="Node subnets"
        title="Two subnets have a router between them"
        options={[
          { text: 'One', isChosen: farSubnet === undefined, places: { zones } },
          ...(apart ? [{ text: 'Two', isChosen: farSubnet !== undefined, places: { zones, farSubnet: apart } }] : []),
        ]}
        onChoose={choose}
      />
      <Choice
        label="Zones"
        title="The label topology.kubernetes.io/zone; a node's own is chosen in the inspector"
        options={[0, 2, 3].map((count) => {
          const spread = spreadZones(rest.nodes, count);
          const places = { zones: spread, ...(farSubnet && { farSubnet }) };
          return { text: count === 0 ? 'None' : String(count), isChosen: same(zones, spread), places };
        })}
        onChoose={choose}
      />
      <BalancerKnob />
    </div>
  );
}

type Places = Pick<ClusterSize, 'zones' | 'farSubnet'>;

interface ChoiceProps {
  readonly label: string;
  readonly title: string;
  readonly options: readonly { readonly text: string; readonly isChosen: boolean; readonly places: Places }[];
  readonly onChoose: (places: Places) => void;
}

function Choice({ label, title, options, onChoose }: ChoiceProps) {
  return (
    <div className="node-place" title={title}>
      <span>{label}</span>
      <fieldset className="segmented" aria-label={label}>
        {options.map(({ text, isChosen, places }) => (
          <button key={text} type="button" aria-pressed={isChosen} onClick={() => isChosen || onChoose(places)}>
            {text}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
