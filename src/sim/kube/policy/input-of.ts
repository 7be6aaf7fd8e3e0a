/** What the oracle, and those who enforce, are told of a cluster: its pods with what their containers declare, and labels. */
import type { Cluster, ClusterNode } from '../cluster.ts';
import { ipsOf } from '../families.ts';
import type { KubeObject, WorkloadObject } from '../objects.ts';
import { isWorkload, objectRef } from '../objects-merge.ts';
import { isCiliumPolicy, isPolicy, type PolicyKind } from '../policy-objects.ts';
import type { Labels, PolicyInput, PolicyPodPort } from './input.ts';

/** `knows`: whether somebody in this cluster reads the kind. A CNI's own kinds mean nothing to others; those of Kubernetes are for all. */
export function policyInputOf(
  cluster: Pick<Cluster, 'pods' | 'nodes'>,
  objects: readonly KubeObject[],
  knows: (kind: PolicyKind) => boolean = () => true,
): PolicyInput {
  const workloads = new Map<string, WorkloadObject>();
  const labels = new Map<string, Labels>();
  for (const object of objects) {
    if (object.kind === 'Namespace') labels.set(object.name, object.labels ?? {});
    else if (isWorkload(object)) workloads.set(objectRef(object), object);
  }
  const names = new Set([...labels.keys(), ...cluster.pods.map(({ namespace }) => namespace)]);
  return {
    namespaces: [...names].map((name) => ({ name, labels: labels.get(name) ?? {} })),
    pods: cluster.pods.map((pod) => ({
      namespace: pod.namespace,
      name: pod.name,
      labels: pod.labels,
      ips: ipsOf(pod),
      node: pod.node,
      ...(pod.hostNetwork ? { hostNetwork: true } : {}),
      ports: portsOf(workloads.get(pod.owner)),
    })),
    nodes: cluster.nodes.map((node) => ({ name: node.name, ips: ipsOf(node), labels: nodeLabels(node) })),
    policies: objects.filter(isPolicy).filter((policy) => !isCiliumPolicy(policy) || knows(policy.kind)),
  };
}

/** What containers declare; init containers count where they go on running. */
function portsOf(workload: WorkloadObject | undefined): readonly PolicyPodPort[] {
  const { containers = [], initContainers = [] } = workload ?? {};
  const running = [...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'), ...containers];
  return running
    .flatMap(({ ports }) => ports)
    .map(({ name, containerPort, protocol = 'TCP' }) => ({
      ...(name === undefined ? {} : { name }),
      port: containerPort,
      protocol,
    }));
}

/** As kubelet and kubeadm set them. */
const nodeLabels = ({ name, role, zone }: ClusterNode): Labels => ({
  'kubernetes.io/hostname': name,
  'kubernetes.io/os': 'linux',
  ...(role === 'control-plane' ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
  ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
});
