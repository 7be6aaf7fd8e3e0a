/** The world: every network namespace's configuration, derived from the scenario. Built by `engine/build-world`, never edited. */
import type { NodePlan, NodesSeen } from '../drivers/contract.ts';
import type { Cluster } from '../kube/cluster.ts';
import type { ClusterNote } from '../kube/cluster-input.ts';
import type { NetnsConfig, NsId } from '../linux/config.ts';

export interface World {
  readonly cluster: Cluster;
  readonly namespaces: ReadonlyMap<NsId, NetnsConfig>;
  readonly cni: { readonly id: string; readonly mode: string };
  readonly proxy: { readonly id: string; readonly mode: string };
  /** Who serves Services of type LoadBalancer, and how it sees the nodes. */
  readonly balancer?: { readonly id: string; readonly mode: string; readonly view: NodesSeen };
  /** What each node's proxy wrote, by node, before any fault. Absent where a world was not built from a scenario. */
  readonly proxyPlans?: ReadonlyMap<string, NodePlan>;
  /** Nodes whose rules are those of an earlier cluster. */
  readonly stoppedProxies?: readonly StoppedProxy[];
  /** Nodes whose CNI daemon has not heard of what came later. */
  readonly stoppedAgents?: readonly StoppedAgent[];
  /** Neighbour and FDB entries stand as after earlier traffic; false: the first packet must ask (ARP). */
  readonly warm: boolean;
  readonly seed: number;
  /** What was assumed or is pending in the cluster, for the person to see. */
  readonly notes: readonly ClusterNote[];
}

/** A node whose proxy was stopped: its rules are written from what the proxy saw last. */
export interface StoppedProxy {
  readonly node: string;
  readonly proxy: { readonly id: string; readonly mode: string };
  /** The cluster that its rules describe; null where it never saw one that could be built. */
  readonly cluster: Cluster | null;
}

/** A node whose CNI daemon was stopped: what the daemon writes is from what it saw last. */
export interface StoppedAgent {
  readonly node: string;
  /** `calico-node`. */
  readonly label: string;
  readonly cluster: Cluster | null;
}

/** The namespace id of the switch that joins the nodes; with a router, of those in the first subnet. */
export const UNDERLAY = 'underlay';

/** The switch of the subnet behind the router. */
export const FAR_UNDERLAY = 'underlay-2';

export const isUnderlay = (ns: NsId): boolean => ns === UNDERLAY || ns === FAR_UNDERLAY;
