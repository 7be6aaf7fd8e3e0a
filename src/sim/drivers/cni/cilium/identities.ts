/** Identities and endpoints: who a pod is (pkg/identity, pkg/labelsfilter), and its number on its node. */

import { once } from '../../../base/once.ts';
import { hash32 } from '../../../base/rng.ts';
import { type Cluster, type ClusterPod, podNs } from '../../../kube/cluster.ts';
import { isSecurityLabel } from '../../../kube/policy/cilium-selector.ts';
import { IDENTITY_MAX, IDENTITY_MIN } from './facts.ts';

/** As `cilium-dbg identity list` prints them. */
export function securityLabels({ namespace, labels }: Pick<ClusterPod, 'namespace' | 'labels'>): readonly string[] {
  const own = Object.entries(labels).filter(([key]) => isSecurityLabel(key));
  return [
    ...own.map(([key, value]) => `k8s:${key}=${value}`),
    `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${namespace}`,
    'k8s:io.cilium.k8s.policy.cluster=default',
    'k8s:io.cilium.k8s.policy.serviceaccount=default',
    `k8s:io.kubernetes.pod.namespace=${namespace}`,
  ].sort();
}

/** SIMPLIFIED: the operator gives out free numbers at random; here they follow from the labels. */
function number(text: string, min: number, max: number, taken: ReadonlySet<number>): number {
  const size = max - min + 1;
  let found = min + (hash32(text) % size);
  while (taken.has(found)) found = found === max ? min : found + 1;
  return found;
}

function allIdentities(cluster: Cluster): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const taken = new Set<number>();
  const texts = new Set(cluster.pods.map((pod) => securityLabels(pod).join(';')));
  for (const text of [...texts].sort()) {
    const identity = number(text, IDENTITY_MIN, IDENTITY_MAX, taken);
    taken.add(identity);
    found.set(text, identity);
  }
  return found;
}

const kept = new WeakMap<Cluster, () => ReadonlyMap<string, number>>();

/** One number for all pods with the same labels, in the whole cluster. */
export function identityOf(cluster: Cluster, pod: ClusterPod): number {
  const identities = kept.get(cluster) ?? once(() => allIdentities(cluster));
  kept.set(cluster, identities);
  return identities().get(securityLabels(pod).join(';')) ?? 0;
}

const ENDPOINT_MAX = 4095;

/** Endpoint numbers of one node's pods, by namespace id. */
export function endpointIds(pods: readonly ClusterPod[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const taken = new Set<number>();
  for (const pod of pods) {
    const id = number(`endpoint ${podNs(pod)}`, 1, ENDPOINT_MAX, taken);
    taken.add(id);
    found.set(podNs(pod), id);
  }
  return found;
}
