/**
 * node-cache is CoreDNS with another Corefile (cluster/addons/dns/nodelocaldns/nodelocaldns.yaml, Kubernetes at 028f956d; what its variables
 * become: kubernetes/dns cmd/node-cache/app/configmap.go at 9aa70b8f; both read 2026-11-20).
 */
import type { Cluster } from '../../../kube/cluster.ts';
import { CLUSTER_DOMAIN } from '../../../kube/dns/cluster-dns.ts';
import { NODE_CACHE } from '../../../kube/dns/node-local.ts';
import type { Ip } from '../../../wire/ip.ts';
import { CACHE_30, type CoreDnsConf, coreDnsProgram } from '../coredns/coredns.ts';

export const NODE_CACHE_PROGRAM = coreDnsProgram(NODE_CACHE);

/** `cache { success 9984 30; denial 9984 5 }`: the numbers before are of entries. */
const CLUSTER_CACHE = { success: 30, denial: 5 };

/** `resolvers`: of its `/etc/resolv.conf`, which is the node's. */
export function nodeCacheConf({ nodeLocalDns }: Cluster, resolvers: readonly Ip[]): CoreDnsConf {
  const to = nodeLocalDns?.upstreams ?? [];
  return {
    upstreams: resolvers,
    forwardedZones: [
      { zone: CLUSTER_DOMAIN, to, cacheSeconds: CLUSTER_CACHE },
      { zone: 'in-addr.arpa.', to, cacheSeconds: CACHE_30 },
      { zone: 'ip6.arpa.', to, cacheSeconds: CACHE_30 },
    ],
  };
}
