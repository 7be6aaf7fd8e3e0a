/** Which program stands behind a port, and what it is started with. */
import type { Cluster, ClusterPod, Listening } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import { isCoreDns } from '../../kube/dns/cluster-dns.ts';
import { podResolvConf } from '../../kube/dns/resolv-conf.ts';
import { familiesOf } from '../../kube/families.ts';
import { internetHost, RESOLVER_PROGRAM } from '../../kube/network-plan.ts';
import type { Listener } from '../../linux/config.ts';
import type { ServerPrograms } from '../../linux/servers/program.ts';
import { DNS_PORT } from '../../wire/dns.ts';
import { COREDNS, COREDNS_ID, type CoreDnsConf } from './coredns/coredns.ts';
import { PUBLIC_RESOLVER_ID, PUBLIC_RESOLVER_PROGRAM, type PublicResolverConf } from './public-resolver.ts';

export const SERVER_PROGRAMS: ServerPrograms = new Map(
  [COREDNS, PUBLIC_RESOLVER_PROGRAM].map((program) => [program.id, program]),
);

/** `pod`: whose network namespace it is; on the host's network the port itself says whose it is. */
export function serverOf(
  cluster: Cluster,
  { program, port, pod }: Listening,
  ns?: ClusterPod,
): Pick<Listener, 'server'> {
  if (port !== DNS_PORT) return {};
  if (program === RESOLVER_PROGRAM && ns === undefined) {
    const conf = (): PublicResolverConf => ({ web: familiesOf(cluster).map(internetHost) });
    return { server: { program: PUBLIC_RESOLVER_ID, conf } };
  }
  const own = ns ?? (pod === undefined ? undefined : indexOf(cluster).pod(pod));
  if (!isCoreDns(program) || !own) return {};
  const conf = (): CoreDnsConf => ({ cluster, upstreams: podResolvConf(cluster, own).nameservers });
  return { server: { program: COREDNS_ID, conf } };
}
