import type { ToolOutput } from '../drivers/contract.ts';
import { cniById } from '../drivers/registry.ts';
import { type ClusterNode, onPodNetwork } from '../kube/cluster.ts';
import type { World } from './world.ts';

/** What the CNI's own tools print on a node: its control plane, where it has one to show. */
export function toolOutputs({ cluster, cni }: World, node: ClusterNode): readonly ToolOutput[] {
  return cniById(cni.id).tools?.(onPodNetwork(cluster), node, cni.mode) ?? [];
}
