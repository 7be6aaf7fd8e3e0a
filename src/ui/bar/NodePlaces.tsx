import { same } from '../../sim/base/same.ts';
import type { Ipv6Networks } from '../../sim/kube/cluster-input.ts';
import { usualIpv6 } from '../../sim/kube/ipv6-networks.ts';
import { farSubnetOf } from '../../sim/kube/subnets.ts';
import { spreadZones } from '../../sim/kube/zones.ts';
import { sizeOf } from '../../sim/scenario/normalise.ts';
import type { ClusterSize } from '../../sim/scenario/scenario.ts';
import { useApp, useSession } from '../app-model.ts';
import { BalancerKnob } from './BalancerKnob.tsx';

/** Of which families the cluster is, and where the nodes stand. Like every knob, and unlike the fields below it, a choice takes effect at once. */
export function NodePlaces() {
  const { document } = useApp();
  const state = useSession((now) => now.state);
  const { farSubnet, ipv6, zones = [], ...rest } = sizeOf(state);
  const choose = (places: Places): void => document.apply({ type: 'ClusterSized', ...rest, ...places });
  const stay: Places = { zones, ...(farSubnet && { farSubnet }), ...(ipv6 && { ipv6 }) };
  const apart = farSubnetOf(rest);
  return (
    <div className="node-places">
      <Choice
        label="IP families"
        title="Of addresses of nodes, pods and Services; in dual stack the first one is what is used where nobody asks"
        options={FAMILIES.map(({ text, about, role }) => ({
          text,
          about: farSubnet && role ? ONE_FAMILY : about,
          isChosen: ipv6?.role === role,
          isOff: farSubnet !== undefined && role !== undefined,
          places: {
            zones,
            ...(farSubnet && { farSubnet }),
            ...(role && { ipv6: { ...(ipv6 ?? usualIpv6(role)), role } }),
          },
        }))}
        onChoose={choose}
      />
      <Choice
        label="Node subnets"
        title="Two subnets have a router between them"
        options={[
          { text: 'One', isChosen: farSubnet === undefined, places: { zones, ...(ipv6 && { ipv6 }) } },
          ...(apart
            ? [
                {
                  text: 'Two',
                  isChosen: farSubnet !== undefined,
                  isOff: ipv6 !== undefined,
                  ...(ipv6 && { about: ONE_FAMILY }),
                  places: { zones, farSubnet: apart },
                },
              ]
            : []),
        ]}
        onChoose={choose}
      />
      <Choice
        label="Zones"
        title="The label topology.kubernetes.io/zone; a node's own is chosen in the inspector"
        options={[0, 2, 3].map((count) => {
          const spread = spreadZones(rest.nodes, count);
          return {
            text: count === 0 ? 'None' : String(count),
            isChosen: same(zones, spread),
            places: { ...stay, zones: spread },
          };
        })}
        onChoose={choose}
      />
      <NameCache />
      <BalancerKnob />
    </div>
  );
}

function NameCache() {
  const { document } = useApp();
  const { nodeLocalDns, ...size } = sizeOf(useSession((now) => now.state));
  const isV6First = size.ipv6 !== undefined && size.ipv6.role !== 'second';
  return (
    <Choice
      label="NodeLocal DNSCache"
      title="A cache for names on every node: what a pod asks stays on its node, without NAT and connection tracking"
      options={[
        { text: 'Off', isChosen: !nodeLocalDns, places: {} },
        {
          text: 'On',
          isChosen: nodeLocalDns === true,
          isOff: isV6First,
          ...(isV6First && { about: 'Modelled for clusters whose Services are of IPv4 first' }),
          places: { nodeLocalDns: true },
        },
      ]}
      onChoose={(places) => document.apply({ type: 'ClusterSized', ...size, ...places })}
    />
  );
}

const ONE_FAMILY = 'A router between two node subnets is modelled for IPv4 alone';

const FAMILIES: readonly { readonly text: string; readonly about: string; readonly role?: Ipv6Networks['role'] }[] = [
  { text: 'IPv4', about: 'IPv4 alone' },
  { text: 'IPv6', about: 'IPv6 alone', role: 'only' },
  { text: 'IPv4+6', about: 'Dual stack, IPv4 first', role: 'second' },
  { text: 'IPv6+4', about: 'Dual stack, IPv6 first', role: 'first' },
];

type Places = Pick<ClusterSize, 'zones' | 'farSubnet' | 'ipv6' | 'nodeLocalDns'>;

interface ChoiceProps {
  readonly label: string;
  readonly title: string;
  readonly options: readonly {
    readonly text: string;
    readonly about?: string;
    readonly isChosen: boolean;
    readonly isOff?: boolean;
    readonly places: Places;
  }[];
  readonly onChoose: (places: Places) => void;
}

function Choice({ label, title, options, onChoose }: ChoiceProps) {
  return (
    <div className="node-place" title={title}>
      <span>{label}</span>
      <fieldset className="segmented" aria-label={label}>
        {options.map(({ text, about, isChosen, isOff = false, places }) => (
          <button
            key={text}
            type="button"
            title={about}
            aria-pressed={isChosen}
            disabled={isOff}
            onClick={() => isChosen || onChoose(places)}
          >
            {text}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
