import type { Cluster } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import { type ResolvConf, resolvConfOf } from '../../kube/dns/resolv-conf.ts';
import type { ProbeFrom } from '../../scenario/probe.ts';

/** The one that a program reads: a pod on the host's network has its own file in its node's network namespace. */
export function resolvConfAt(cluster: Cluster, from: ProbeFrom, ns: string): ResolvConf {
  return resolvConfOf(cluster, ns, from.kind === 'pod' ? indexOf(cluster).pod(from.ref) : undefined);
}
