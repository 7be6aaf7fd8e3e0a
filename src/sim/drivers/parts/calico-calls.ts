/** What the `calico` plugin reads and does for a pod, with whatever address management (cni-plugin/pkg/k8s/k8s.go, v3.31.7). */
import type { ClusterNode, ClusterPod } from '../../kube/cluster.ts';
import type { Afterwards, Json, PluginCall } from '../contract.ts';
import { hostVeth } from './calico-plugin.ts';

export const calicoConf = (node: ClusterNode, mtu: number, ipam: { readonly [key: string]: Json }) => ({
  type: 'calico',
  datastore_type: 'kubernetes',
  nodename: node.name,
  mtu,
  ipam,
  policy: { type: 'k8s' },
  kubernetes: { kubeconfig: '/etc/cni/net.d/calico-kubeconfig' },
});

export const calicoCall = (pod: ClusterPod, stdin: Json, stdout: Json): PluginCall => ({
  plugin: 'calico',
  caller: 'containerd',
  does: `It asks for an address, lays a cable that ends in ${hostVeth(pod)} on the node (no bridge) and a route to it, gives the pod one address and a gateway that nobody has, and writes a WorkloadEndpoint into the API server: annotations of the Pod.`,
  stdin,
  stdout,
});

export const felixHere = (pod: ClusterPod): Afterwards => ({
  by: 'felix',
  where: 'this node',
  how: `Felix on this node sees the WorkloadEndpoint and writes what the pod needs: chains of its own (to and from ${hostVeth(pod)}) with the profile of its namespace, and a place in the dispatch chains. Until then nothing passes.`,
});
