/** What the watch of the API server tells CoreDNS beside Services by name: indexed when somebody asks, and kept. */
import { once } from '../../../base/once.ts';
import type { Cluster, Endpoint } from '../../../kube/cluster.ts';
import { CLUSTER_DOMAIN, clusterDnsIp, DNS_NAMESPACE } from '../../../kube/dns/cluster-dns.ts';
import { clusterIPsOf } from '../../../kube/families.ts';
import type { Ip } from '../../../wire/ip.ts';

export interface DnsNames {
  readonly namespaces: { has(namespace: string): boolean };
  /** Names of a Service or of endpoints that have this address. */
  namesAt(address: Ip): readonly string[];
  /** Addresses of the Service that CoreDNS itself is behind. */
  readonly own: readonly Ip[];
}

const kept = new WeakMap<Cluster, DnsNames>();

export function namesIn(cluster: Cluster): DnsNames {
  const known = kept.get(cluster);
  if (known) return known;
  const namespaces = once(() => namespacesOf(cluster));
  const services = once(() => serviceNames(cluster));
  const endpoints = once(() => endpointNames(cluster));
  const names: DnsNames = {
    namespaces: { has: (namespace) => namespaces().has(namespace) },
    namesAt(address) {
      const service = services().get(address);
      return service === undefined ? (endpoints().get(address) ?? []) : [service];
    },
    own: [clusterDnsIp(cluster)],
  };
  kept.set(cluster, names);
  return names;
}

/** Every cluster has these (pkg/controlplane, kubeadm). */
const STANDING = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** SIMPLIFIED: a namespace in which nothing stands is not known. */
const namespacesOf = ({ pods, services }: Cluster): ReadonlySet<string> =>
  new Set([...STANDING, DNS_NAMESPACE, ...pods.map((p) => p.namespace), ...services.map((s) => s.namespace)]);

const serviceNames = ({ services }: Cluster): ReadonlyMap<Ip, string> =>
  new Map(
    services.flatMap((service) =>
      clusterIPsOf(service).map((ip) => [ip, `${service.name}.${service.namespace}.svc.${CLUSTER_DOMAIN}`] as const),
    ),
  );

function endpointNames({ services }: Cluster): ReadonlyMap<Ip, readonly string[]> {
  const found = new Map<Ip, string[]>();
  for (const { name, namespace, ports } of services) {
    for (const endpoint of ports.flatMap(({ endpoints }) => endpoints)) {
      if (!endpoint.ready) continue;
      const text = `${endpointName(endpoint)}.${name}.${namespace}.svc.${CLUSTER_DOMAIN}`;
      const others = found.get(endpoint.ip) ?? [];
      if (!others.includes(text)) found.set(endpoint.ip, [...others, text]);
    }
  }
  return found;
}

/** `endpointHostname`: the name that it was given, or its address with dashes. */
export function endpointName({ hostname, ip }: Endpoint): string {
  if (hostname !== undefined) return hostname;
  const dashed = ip.replaceAll(/[.:]/g, '-');
  return dashed.endsWith('-') ? `${dashed}0` : dashed;
}
