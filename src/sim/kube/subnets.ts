/** Which nodes reach each other without a router: what CrossSubnet, DirectRouting and host-gw depend on. */
import { cidrNth, type Ip, parseCidr } from '../wire/ip.ts';
import type { Cluster, NodeSubnet } from './cluster.ts';
import type { FarSubnet } from './cluster-input.ts';
import { subnetHas } from './families.ts';

type Networks = Pick<Cluster, 'nodeNetwork' | 'router'>;
type Machine = { readonly ip: Ip };

/** The node network, then the one behind the router where there is one. */
export const subnetsOf = ({ nodeNetwork, router }: Networks): readonly NodeSubnet[] =>
  router ? [nodeNetwork, router.farSubnet] : [nodeNetwork];

/** The subnet that a machine's address is in; undefined where it is in none. */
export const subnetOf = (cluster: Networks, { ip }: Machine): NodeSubnet | undefined =>
  subnetsOf(cluster).find((subnet) => subnetHas(subnet, ip));

export function shareSubnet(cluster: Networks, a: Machine, b: Machine): boolean {
  const subnet = subnetOf(cluster, a);
  return subnet !== undefined && subnet === subnetOf(cluster, b);
}

/** A second subnet as one would choose it: the next range of the same size, for the second half of the nodes. Null: no range. */
export function farSubnetOf(size: { readonly nodeNetwork: string; readonly nodes: number }): FarSubnet | null {
  const near = parseCidr(size.nodeNetwork);
  if (!near.ok || near.value.family !== 4) return null;
  const { prefix } = near.value;
  const next = cidrNth(near.value, 2 ** (32 - prefix));
  return { cidr: `${next}/${prefix}`, fromNode: Math.max(2, Math.ceil(size.nodes / 2) + 1) };
}
