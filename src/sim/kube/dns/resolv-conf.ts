/** `/etc/resolv.conf` as kubelet writes it for a pod, and as it stands on other machines. */
import { type Ip, ip } from '../../wire/ip.ts';
import { type Cluster, type ClusterPod, podNs } from '../cluster.ts';
import { indexOf } from '../cluster-index.ts';
import { type Family, familiesOf } from '../families.ts';
import { CLUSTER_DOMAIN } from './cluster-dns.ts';
import { kubeletDns } from './node-local.ts';

export interface ResolvConf {
  readonly nameservers: readonly Ip[];
  readonly search: readonly string[];
  readonly options: readonly ResolvOption[];
}

export interface ResolvOption {
  readonly name: string;
  readonly value?: string;
}

/** kubelet (pkg/apis/core/validation `MaxDNSNameservers`) and glibc (MAXNS) stop at three. */
const NAMESERVERS_MAX = 3;

/** A resolver on the Internet, in the documentation ranges that stand for it. */
const PUBLIC_RESOLVERS: Readonly<Record<Family, Ip>> = { 4: ip('203.0.113.53'), 6: ip('2001:db8:203:113::53') };

export const publicResolver = (family: Family): Ip => PUBLIC_RESOLVERS[family];

/** SIMPLIFIED: no machine has a search list or options of its own. */
export const machineResolvConf = (cluster: Pick<Cluster, 'podCIDR' | 'podCIDRs'>): ResolvConf => ({
  nameservers: familiesOf(cluster).map(publicResolver),
  search: [],
  options: [],
});

/** pkg/kubelet/network/dns/dns.go, v1.36 (read 2026-11). */
export function podResolvConf(cluster: Cluster, pod: ClusterPod): ResolvConf {
  const base = policyConf(cluster, pod);
  const { dnsConfig } = pod;
  if (!dnsConfig) return base;
  return {
    nameservers: unique([...base.nameservers, ...(dnsConfig.nameservers ?? [])]).slice(0, NAMESERVERS_MAX),
    search: unique([...base.search, ...(dnsConfig.searches ?? [])]),
    options: mergeOptions(base.options, dnsConfig.options ?? []),
  };
}

function policyConf(cluster: Cluster, { dnsPolicy = 'ClusterFirst', hostNetwork, namespace }: ClusterPod): ResolvConf {
  if (dnsPolicy === 'None') return { nameservers: [], search: [], options: [] };
  // getPodDNSType: on the host's network ClusterFirst falls back to the host's own.
  const isDefault = dnsPolicy === 'Default' || (dnsPolicy === 'ClusterFirst' && hostNetwork === true);
  if (isDefault) return machineResolvConf(cluster);
  const domain = CLUSTER_DOMAIN.slice(0, -1);
  return {
    nameservers: [kubeletDns(cluster)],
    search: [`${namespace}.svc.${domain}`, `svc.${domain}`, domain],
    options: [{ name: 'ndots', value: '5' }],
  };
}

/** A pod's own option takes the place of one of the same name. */
function mergeOptions(base: readonly ResolvOption[], own: readonly ResolvOption[]): readonly ResolvOption[] {
  const merged = new Map(base.map((option) => [option.name, option]));
  for (const option of own) merged.set(option.name, option);
  return [...merged.values()];
}

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];

/** Of a network namespace: a pod's own, or a machine's. `pod`: of that pod on the host's network. */
export function resolvConfOf(cluster: Cluster, ns: string, pod?: ClusterPod): ResolvConf {
  const own = pod ?? indexOf(cluster).pod(ns);
  return own && (pod || podNs(own) === ns) ? podResolvConf(cluster, own) : machineResolvConf(cluster);
}

/** The file, line by line, in kubelet's order (pkg/kubelet/kuberuntime, libcontainer's writer: nameservers after search and before options). */
export function printResolvConf({ nameservers, search, options }: ResolvConf): readonly string[] {
  const optionText = ({ name, value }: ResolvOption): string => (value === undefined ? name : `${name}:${value}`);
  return [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...nameservers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.map(optionText).join(' ')}`] : []),
  ];
}
