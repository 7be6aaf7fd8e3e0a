/** What a cluster is built from, and what the building says about it. Plain JSON, as a saved scenario keeps it. */
import type { PortProtocol } from '../wire/frame.ts';
import type { KubeObject } from './objects.ts';

/** Pods in a cluster, or of one workload: more cannot be told apart on a stage. */
export const PODS_MAX = 5_000;

export interface ClusterInput {
  readonly nodes: number;
  readonly podCIDR: string;
  /** Prefix length of one node's share of the pod CIDR (`--node-cidr-mask-size`). */
  readonly nodeMask: number;
  readonly serviceCIDR: string;
  readonly nodeNetwork: string;
  /** Absent: the cluster is of IPv4 alone. */
  readonly ipv6?: Ipv6Networks;
  /** A second node subnet behind a router; absent: all nodes are in `nodeNetwork`. */
  readonly farSubnet?: FarSubnet;
  readonly mtuBytes: number;
  /** The zone of each node in order; an empty one, and what is missing at the end: a node without that label. */
  readonly zones?: readonly string[];
  /** NodeLocal DNSCache runs on every node. */
  readonly nodeLocalDns?: true;
  readonly objects: readonly KubeObject[];
  /** What stands in the cluster whatever a person applies. Its pods take the last addresses, so that they move nobody's. */
  readonly system?: readonly KubeObject[];
  /** `namespace/name` of pods that were deleted, oldest first. */
  readonly deletedPods: readonly string[];
  readonly stoppedListeners: readonly StoppedListener[];
  /** Readiness set by hand, oldest first; `ref` is a pod's `namespace/name`, or a workload's, with or without its kind. */
  readonly readiness?: readonly { readonly ref: string; readonly ready: boolean }[];
  /**
   * How `objects` and `deletedPods` came to be, oldest first. With it a pod keeps its node and address whatever is applied, scaled
   * or deleted after it. Without it the objects are created in document order, then the pods are deleted.
   */
  readonly history?: readonly ClusterChange[];
}

/** Nodes with this number and above stand in the second subnet, so that a node that is added moves none. */
export interface FarSubnet {
  readonly cidr: string;
  readonly fromNode: number;
  /** The router has static routes to the pods of each node. */
  readonly podRoutes?: true;
}

/** The networks above once more, in IPv6. */
export interface Ipv6Networks {
  /** `only`: no IPv4 at all. Else dual stack, by the place of IPv6 in the lists (`--service-cluster-ip-range` and its sisters). */
  readonly role: 'only' | 'first' | 'second';
  readonly podCIDR: string;
  readonly nodeMask: number;
  readonly serviceCIDR: string;
  readonly nodeNetwork: string;
}

export interface StoppedListener {
  /** `namespace/name` of a pod, or the name of a node or an external host. */
  readonly ns: string;
  readonly proto: PortProtocol;
  readonly port: number;
}

/** The events of a scenario that create and remove pods. */
export type ClusterChange =
  | { readonly type: 'ManifestsApplied'; readonly objects: readonly KubeObject[]; readonly replace: boolean }
  | { readonly type: 'WorkloadScaled'; readonly ref: string; readonly replicas: number }
  | { readonly type: 'PodDeleted'; readonly ref: string }
  /** The runtime of a node finds no CNI configuration any more, or finds one again. */
  | { readonly type: 'CniConfRemoved' | 'CniConfRestored'; readonly node: string };

/** Something that the person should know about a cluster that was built. */
export interface ClusterNote {
  /** `assumed`: the manifests did not say it. `pending`: Kubernetes is still waiting for something. `ignored`: has no effect here. */
  readonly kind: 'assumed' | 'pending' | 'ignored';
  /** `Pod default/web-1`, `Service default/web`. */
  readonly ref: string;
  readonly text: string;
}

/** Why no cluster can be built. `text` is complete: field, value and reason, in the API server's words where it has them. */
export interface ClusterProblem {
  /** `Service default/web`, or `cluster` for its size and networks. */
  readonly ref: string;
  readonly text: string;
}
