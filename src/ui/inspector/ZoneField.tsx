import { withZone, ZONE_NAMES } from '../../sim/kube/zones.ts';
import { sizeOf } from '../../sim/scenario/normalise.ts';
import { useApp, useSession } from '../app-model.ts';

/** The zone of a node, by its place in the cluster's list. Takes effect at once. */
export function ZoneField({ index }: { readonly index: number }) {
  const { document } = useApp();
  const size = sizeOf(useSession(({ state }) => state));
  const zones = size.zones ?? [];
  const names = [...new Set([...ZONE_NAMES, ...zones.filter(Boolean)])].sort();
  return (
    <label className="knob" title="The node's label topology.kubernetes.io/zone">
      Zone
      <select
        value={zones[index] ?? ''}
        onChange={({ target }) =>
          document.apply({ type: 'ClusterSized', ...size, zones: withZone(zones, index, target.value) })
        }
      >
        <option value="">none</option>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
