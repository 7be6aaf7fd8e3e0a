import { once } from '../base/once.ts';
import type { Ip } from '../wire/ip.ts';
import { type Cluster, type ClusterNode, type ClusterPod, type ClusterService, podNs } from './cluster.ts';

import { clusterIPsOf, ipsOf } from './families.ts';

/** Finds objects of a cluster by name and by address without a search: a trace asks often, and there may be ten thousand Services. */
export interface ClusterIndex {
  /** `default/web-1`. */
  pod(ref: string): ClusterPod | undefined;
  /** `default/web`. */
  service(ref: string): ClusterService | undefined;
  node(name: string): ClusterNode | undefined;
  /** The pod with this address. Pods on their host's network have none of their own: it is the node's. */
  podAt(ip: Ip): ClusterPod | undefined;
  nodeAt(ip: Ip): ClusterNode | undefined;
  /** Services that are reached at this address of their own: clusterIP, external or load balancer. */
  servicesAt(ip: Ip): readonly ClusterService[];
  /** Services with this port on every node. */
  servicesAtNodePort(port: number): readonly ClusterService[];
  /** Pods with this port on their own node. */
  podsAtHostPort(port: number): readonly ClusterPod[];
}

const kept = new WeakMap<Cluster, ClusterIndex>();

export function indexOf(cluster: Cluster): ClusterIndex {
  const known = kept.get(cluster);
  if (known) return known;
  const index = makeIndex(cluster);
  kept.set(cluster, index);
  return index;
}

const refOf = (object: { readonly namespace: string; readonly name: string }): string =>
  `${object.namespace}/${object.name}`;

/** A Service's own addresses, each once. */
export const addressesOf = (service: ClusterService): readonly Ip[] => [
  ...new Set([...clusterIPsOf(service), ...service.externalIPs, ...service.loadBalancerIPs]),
];

const nodePortsOf = ({ ports }: ClusterService): readonly number[] => [
  ...new Set(ports.flatMap(({ nodePort }) => nodePort ?? [])),
];

function makeIndex({ pods, nodes, services }: Cluster): ClusterIndex {
  const podByRef = once(() => firstBy(pods, podNs));
  const podByIp = once(() => firstByAddress(pods.filter(({ hostNetwork }) => !hostNetwork)));
  const nodeByName = once(() => firstBy(nodes, ({ name }) => name));
  const nodeByIp = once(() => firstByAddress(nodes));
  const serviceByRef = once(() => firstBy(services, refOf));
  const byAddress = once(() => allBy(services, addressesOf));
  const byNodePort = once(() => allBy(services, nodePortsOf));
  const byHostPort = once(() => allBy(pods, ({ hostPorts = [] }) => hostPorts.map(({ hostPort }) => hostPort)));
  return {
    pod: (ref) => podByRef().get(ref),
    service: (ref) => serviceByRef().get(ref),
    node: (name) => nodeByName().get(name),
    podAt: (ip) => podByIp().get(ip),
    nodeAt: (ip) => nodeByIp().get(ip),
    servicesAt: (ip) => byAddress().get(ip) ?? [],
    servicesAtNodePort: (port) => byNodePort().get(port) ?? [],
    podsAtHostPort: (port) => byHostPort().get(port) ?? [],
  };
}

function firstByAddress<T extends { readonly ip: Ip; readonly ips?: readonly Ip[] }>(
  items: readonly T[],
): ReadonlyMap<Ip, T> {
  const found = new Map<Ip, T>();
  for (const item of items) for (const ip of ipsOf(item)) if (!found.has(ip)) found.set(ip, item);
  return found;
}

function firstBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, T> {
  const found = new Map<K, T>();
  for (const item of items) if (!found.has(keyOf(item))) found.set(keyOf(item), item);
  return found;
}

function allBy<T, K>(items: readonly T[], keysOf: (item: T) => readonly K[]): ReadonlyMap<K, readonly T[]> {
  const found = new Map<K, T[]>();
  for (const item of items) {
    for (const key of keysOf(item)) {
      const others = found.get(key);
      if (others) others.push(item);
      else found.set(key, [item]);
    }
  }
  return found;
}
