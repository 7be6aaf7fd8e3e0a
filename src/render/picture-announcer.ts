/** A node that tells the network of addresses which it does not have: by ARP, or by routes that a machine outside learned. */
import type { World } from '../sim/engine/world.ts';
import type { NetnsConfig } from '../sim/linux/config.ts';
import type { Ip } from '../sim/wire/ip.ts';
import type { PictureElement } from './picture.ts';
import { idOf } from './picture-id.ts';

const LEARNED = 'bgp';

export function announcerElement(world: World, { id, arpResponders = [] }: NetnsConfig): PictureElement | null {
  const answered = arpResponders.map(({ ip }) => ip);
  const routed = routedTo(world, id);
  const all = [...answered, ...routed];
  if (all.length === 0) return null;
  const how = answered.length > 0 ? 'answers ARP for' : 'told the router the way to';
  return {
    id: idOf({ kind: 'announcer', ns: id }),
    kind: 'announcer',
    label: all.length === 1 ? 'VIP' : `${all.length} VIPs`,
    sublabel: '',
    about: `${id} ${how} ${all.join(', ')}: packets for load balancers come to it`,
    ns: id,
    parent: idOf({ kind: 'ns', ns: id }),
    details: all,
  };
}

/** Addresses that machines outside reach by way of the node, as its program told them. */
function routedTo({ cluster, namespaces }: World, node: string): readonly Ip[] {
  const own = cluster.nodes.find(({ name }) => name === node)?.ip;
  return cluster.externals
    .filter(({ isBalancer }) => !isBalancer)
    .flatMap(({ name }) =>
      (namespaces.get(name)?.routes ?? []).flatMap(({ proto, dst, via, nexthops = [] }) =>
        proto === LEARNED && (via === own || nexthops.some((hop) => hop.via === own)) ? [dst.base] : [],
      ),
    );
}
