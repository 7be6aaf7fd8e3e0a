/** Everything that Felix v3.31 programs into the iptables and ipsets of a node, in its iptables dataplane. */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import { podNs } from '../../../kube/cluster.ts';
import { type ClusterPolicy, type PolicyDirection, policiesOn } from '../../../kube/cluster-policy.ts';
import type { IpSet } from '../../../linux/config.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import type { PolicyEnforcement } from '../../contract.ts';
import { calicoRules } from './calico-rule.ts';
import { type FelixConfig, familyOfRules } from './config.ts';
import { dispatchOps } from './dispatch.ts';
import { type Endpoint, endpointOps, profileOps } from './endpoint.ts';
import { ipvsOps } from './ipvs.ts';
import { groupOps, policyOps } from './policy.ts';
import { policySets } from './policy-sets.ts';
import { felixSets, LOOPBACK_IPS } from './sets.ts';
import { filterOps } from './static-filter.ts';
import { mangleOps, natOps, rawOps } from './static-other.ts';
import { KNOWN_KINDS, tiersOf } from './tiers.ts';

export const FELIX_ENFORCES: PolicyEnforcement = {
  by: 'Felix',
  kinds: KNOWN_KINDS,
  how: 'in filter FORWARD, in the chains of the pod: cali-fw-… where it sends, cali-tw-… where it receives',
};

/** SIMPLIFIED: every pod runs under the service account `default` of its namespace. */
const profilesOf = ({ namespace }: ClusterPod): string[] => [`kns.${namespace}`, `ksa.${namespace}.default`];

export function felixRules(
  cluster: Cluster,
  pods: readonly ClusterPod[],
  hostVeth: (pod: ClusterPod) => string,
  config: FelixConfig,
): RuleOp[] {
  const family = familyOfRules(config);
  const policies = activePolicies(cluster, pods);
  const endpoints = pods.map((pod) => endpointOf(policies, pod, hostVeth(pod)));
  const profiles = [...new Set(endpoints.flatMap((endpoint) => endpoint.profiles))];
  return [
    ...rawOps(config),
    ...mangleOps(config),
    ...natOps(config),
    ...policies.flatMap((policy) => policyOps(policy, family)),
    ...groupChains(endpoints),
    ...profileOps(profiles),
    ...endpoints.flatMap(endpointOps),
    ...dispatchOps(endpoints),
    ...(config.besideIpvs ? ipvsOps(endpoints, family) : []),
    ...filterOps(config),
  ];
}

export function felixIpsets(
  cluster: Cluster,
  node: ClusterNode,
  pods: readonly ClusterPod[],
  config: FelixConfig,
): IpSet[] {
  const family = familyOfRules(config);
  const own = [node.ip, LOOPBACK_IPS[family], ...(node.tunnelIp === undefined ? [] : [node.tunnelIp])];
  return [...felixSets(config, own), ...policySets(activePolicies(cluster, pods), family)];
}

/** Felix programs a policy on a node only where it selects a pod. */
function activePolicies({ policies = [] }: Cluster, pods: readonly ClusterPod[]): readonly ClusterPolicy[] {
  const here = new Set(pods.map(podNs));
  return policies.filter(
    ({ kind, pods: selected }) => KNOWN_KINDS.includes(kind) && selected.some((pod) => here.has(pod)),
  );
}

/** The chains of groups that some pod of the node jumps to, each once. */
function groupChains(endpoints: readonly Endpoint[]): RuleOp[] {
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const groups = endpoints.flatMap(({ tiers }) => tiers[direction].flatMap((tier) => tier.groups));
    const shared = new Map(groups.filter(({ policies }) => policies.length > 1).map((group) => [group.chain, group]));
    return [...shared.values()].flatMap((group) => groupOps(group, direction));
  });
}

function endpointOf(policies: readonly ClusterPolicy[], pod: ClusterPod, dev: string): Endpoint {
  const id = podNs(pod);
  const tiers = (direction: PolicyDirection) =>
    tiersOf(
      policiesOn(policies, id).filter((policy) => calicoRules(policy, direction) !== undefined),
      direction,
    );
  return {
    dev,
    ref: `Pod ${id}`,
    tiers: { ingress: tiers('ingress'), egress: tiers('egress') },
    profiles: profilesOf(pod),
  };
}
