/**
 * What a CNI does once for each family. A driver plans a cluster of one family, whose addresses are of that family and whose rules are
 * for it; here the plans of both become one: what has a name is there once, rules of IPv6 go to ip6tables.
 */
import type { Cluster, ClusterNode } from '../../kube/cluster.ts';
import { type Family, familiesOf, inFamily } from '../../kube/families.ts';
import type { Fragment, NodePlan } from '../contract.ts';

type Plan = (cluster: Cluster, node: ClusterNode) => NodePlan;

export function perFamily(cluster: Cluster, node: ClusterNode, plan: Plan): NodePlan {
  const families = familiesOf(cluster);
  if (families.length === 1 && families[0] === 4) return plan(cluster, node);
  const plans = families.flatMap((family) => planIn(cluster, node, family, plan) ?? []);
  const ids = new Set(plans.flatMap((one) => [...(one.pods?.keys() ?? [])]));
  const pods = [...ids].map((id) => [id, joined(plans.map((one) => one.pods?.get(id) ?? {}))] as const);
  return { node: joined(plans.map((one) => one.node)), ...(ids.size > 0 ? { pods: new Map(pods) } : {}) };
}

function planIn(cluster: Cluster, { name }: ClusterNode, family: Family, plan: Plan): NodePlan | undefined {
  const seen = inFamily(cluster, family);
  const node = seen.nodes.find((one) => one.name === name);
  if (!node) return undefined;
  const made = plan(seen, node);
  if (family === 4) return made;
  const { pods = new Map<string, Fragment>() } = made;
  return { node: inSix(made.node), pods: new Map(Array.from(pods, ([id, fragment]) => [id, inSix(fragment)])) };
}

const inSix = ({ iptables, ...rest }: Fragment): Fragment => ({ ...rest, ...(iptables && { ip6tables: iptables }) });

function joined(parts: readonly Fragment[]): Fragment {
  const [first, ...others] = parts;
  if (!first || others.length === 0) return first ?? {};
  const all = <T>(of: (part: Fragment) => readonly T[] | undefined): readonly T[] =>
    parts.flatMap((part) => of(part) ?? []);
  const lists = {
    devices: unique(all(({ devices }) => devices)),
    addresses: all(({ addresses }) => addresses),
    routes: all(({ routes }) => routes),
    deletedRoutes: all(({ deletedRoutes }) => deletedRoutes),
    neighbours: all(({ neighbours }) => neighbours),
    fdb: all(({ fdb }) => fdb),
    ipsets: all(({ ipsets }) => ipsets),
    nftables: all(({ nftables }) => nftables),
    listeners: all(({ listeners }) => listeners),
    iptables: all(({ iptables }) => iptables),
    ip6tables: all(({ ip6tables }) => ip6tables),
  };
  const filled = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  return { ...filled, sysctl: Object.assign({}, ...parts.map(({ sysctl }) => sysctl ?? {})) };
}

const unique = <T extends { readonly name: string }>(named: readonly T[]): readonly T[] => [
  ...new Map(named.map((one) => [one.name, one])).values(),
];
