/** Everything that Felix v3.31 programs into the iptables and ipsets of a node, in its iptables dataplane. */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import { podNs } from '../../../kube/cluster.ts';
import type { IpSet } from '../../../linux/config.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import type { FelixConfig } from './config.ts';
import { dispatchOps } from './dispatch.ts';
import { type Endpoint, endpointOps, profileOps } from './endpoint.ts';
import { policiesOf, policyChain, policyOps, policySets } from './policy.ts';
import { felixSets, LOOPBACK_IP } from './sets.ts';
import { filterOps } from './static-filter.ts';
import { mangleOps, natOps, rawOps } from './static-other.ts';

/** SIMPLIFIED: every pod runs under the service account `default` of its namespace. */
const profilesOf = ({ namespace }: ClusterPod): string[] => [`kns.${namespace}`, `ksa.${namespace}.default`];

export function felixRules(
  cluster: Cluster,
  pods: readonly ClusterPod[],
  hostVeth: (pod: ClusterPod) => string,
  config: FelixConfig,
): RuleOp[] {
  const endpoints = pods.map((pod) => endpointOf(cluster, pod, hostVeth(pod)));
  const profiles = [...new Set(endpoints.flatMap((endpoint) => endpoint.profiles))];
  return [
    ...rawOps(config),
    ...mangleOps(),
    ...natOps(config),
    ...activePolicies(cluster, pods).flatMap(policyOps),
    ...profileOps(profiles),
    ...endpoints.flatMap(endpointOps),
    ...dispatchOps(endpoints),
    ...filterOps(config),
  ];
}

export function felixIpsets(
  cluster: Cluster,
  node: ClusterNode,
  pods: readonly ClusterPod[],
  config: FelixConfig,
): IpSet[] {
  const own = [node.ip, LOOPBACK_IP, ...(node.tunnelIp === undefined ? [] : [node.tunnelIp])];
  return [...felixSets(config, own), ...policySets(activePolicies(cluster, pods))];
}

/** Felix programs a policy on a node only where it selects a pod. */
function activePolicies({ policies = [] }: Cluster, pods: readonly ClusterPod[]) {
  const here = new Set(pods.map(podNs));
  return policies.filter((policy) => policy.pods.some((pod) => here.has(pod)));
}

function endpointOf({ policies = [] }: Cluster, pod: ClusterPod, dev: string): Endpoint {
  const id = podNs(pod);
  const chains = (direction: 'ingress' | 'egress'): string[] =>
    policiesOf(policies, id, direction).map((policy) => policyChain(direction, policy));
  return {
    dev,
    ref: `Pod ${id}`,
    policies: { ingress: chains('ingress'), egress: chains('egress') },
    profiles: profilesOf(pod),
  };
}
