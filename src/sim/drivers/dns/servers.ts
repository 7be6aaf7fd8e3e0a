/** Which program stands behind a port, and what it is started with. */
import type { Cluster, ClusterPod, Listening } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import { isCoreDns } from '../../kube/dns/cluster-dns.ts';
import { NODE_CACHE } from '../../kube/dns/node-local.ts';
import { podResolvConf } from '../../kube/dns/resolv-conf.ts';
import { familiesOf } from '../../kube/families.ts';
import { internetHost, RESOLVER_PROGRAM } from '../../kube/network-plan.ts';
import type { Listener } from '../../linux/config.ts';
import type { ServerPrograms } from '../../linux/servers/program.ts';
import { DNS_PORT } from '../../wire/dns.ts';
import type { Ip } from '../../wire/ip.ts';
import { COREDNS, COREDNS_ID, type CoreDnsConf } from './coredns/coredns.ts';
import { NODE_CACHE_PROGRAM, nodeCacheConf } from './nodelocal/node-cache.ts';
import { PUBLIC_RESOLVER_ID, PUBLIC_RESOLVER_PROGRAM, type PublicResolverConf } from './public-resolver.ts';

export const SERVER_PROGRAMS: ServerPrograms = new Map(
  [COREDNS, NODE_CACHE_PROGRAM, PUBLIC_RESOLVER_PROGRAM].map((program) => [program.id, program]),
);

/** `pod`: whose network namespace it is; on the host's network the port itself says whose it is. */
export function serverOf(cluster: Cluster, listening: Listening, ns?: ClusterPod): Pick<Listener, 'server'> {
  const { program, port, pod } = listening;
  if (port !== DNS_PORT) return {};
  if (program === RESOLVER_PROGRAM && ns === undefined) {
    const conf = (): PublicResolverConf => ({ web: familiesOf(cluster).map(internetHost) });
    return { server: { program: PUBLIC_RESOLVER_ID, conf } };
  }
  const own = ns ?? (pod === undefined ? undefined : indexOf(cluster).pod(pod));
  if (isNodeCache(cluster, listening) && own) {
    const conf = (): CoreDnsConf => nodeCacheConf(cluster, podResolvConf(cluster, own).nameservers);
    return { server: { program: NODE_CACHE_PROGRAM.id, conf } };
  }
  if (!isCoreDns(program) || !own) return {};
  const conf = (): CoreDnsConf => ({ cluster, upstreams: podResolvConf(cluster, own).nameservers });
  return { server: { program: COREDNS_ID, conf } };
}

type Socket = Pick<Listening, 'program' | 'port' | 'pod'>;

const isNodeCache = ({ nodeLocalDns }: Cluster, { program, port, pod }: Socket): boolean =>
  nodeLocalDns !== undefined && program === NODE_CACHE && port === DNS_PORT && pod !== undefined;

/** The addresses that a program binds a port on; `[undefined]`: all that the machine has. */
export const boundIps = (cluster: Cluster, socket: Socket): readonly (Ip | undefined)[] =>
  (isNodeCache(cluster, socket) && cluster.nodeLocalDns?.ips) || [undefined];
