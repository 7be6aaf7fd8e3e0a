/** Which nodes reach each other without a router: what CrossSubnet, DirectRouting and host-gw depend on. */
import { cidrHas, type Ip } from '../wire/ip.ts';
import type { Cluster, NodeSubnet } from './cluster.ts';

type Networks = Pick<Cluster, 'nodeNetwork' | 'router'>;
type Machine = { readonly ip: Ip };

/** The node network, then the one behind the router where there is one. */
export const subnetsOf = ({ nodeNetwork, router }: Networks): readonly NodeSubnet[] =>
  router ? [nodeNetwork, router.farSubnet] : [nodeNetwork];

/** The subnet that a machine's address is in; undefined where it is in none. */
export const subnetOf = (cluster: Networks, { ip }: Machine): NodeSubnet | undefined =>
  subnetsOf(cluster).find(({ cidr }) => cidrHas(cidr, ip));

export function shareSubnet(cluster: Networks, a: Machine, b: Machine): boolean {
  const subnet = subnetOf(cluster, a);
  return subnet !== undefined && subnet === subnetOf(cluster, b);
}
