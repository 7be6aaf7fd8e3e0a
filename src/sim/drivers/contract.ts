/**
 * What a driver is: a folder that turns "this cluster, as seen from this node" into plain Linux configuration. It never decides
 * where a packet goes. Fragments of several writers are joined in start order by `engine/world`.
 */

import type { Cluster, ClusterNode } from '../kube/cluster.ts';
import type {
  Address,
  Device,
  FdbEntry,
  IpSet,
  Listener,
  Neighbour,
  NetnsConfig,
  Route,
  Sysctl,
} from '../linux/config.ts';
import type { VirtualServer } from '../linux/ipvs/table.ts';
import type { RuleOp } from '../linux/netfilter/iptables/rule.ts';
import type { NftTable } from '../linux/netfilter/nftables/ruleset.ts';

/** A part of one namespace's configuration. Rule operations are applied in the order in which the writers start. */
export interface Fragment {
  readonly devices?: readonly Device[];
  readonly addresses?: readonly Address[];
  readonly routes?: readonly Route[];
  readonly neighbours?: readonly Neighbour[];
  readonly fdb?: readonly FdbEntry[];
  readonly sysctl?: Partial<Sysctl>;
  readonly iptables?: readonly RuleOp[];
  readonly nftables?: readonly NftTable[];
  readonly ipsets?: readonly IpSet[];
  readonly ipvs?: readonly VirtualServer[];
  readonly listeners?: readonly Listener[];
}

/** What a writer contributes to a node and to the namespaces of that node's pods (by namespace id). */
export interface NodePlan {
  readonly node: Fragment;
  readonly pods?: ReadonlyMap<string, Fragment>;
}

export interface DriverMode {
  readonly id: string;
  readonly label: string;
  /** One sentence for the picker. */
  readonly about: string;
}

interface DriverBase {
  readonly id: string;
  readonly label: string;
  readonly about: string;
  readonly modes: readonly DriverMode[];
  /** `kernel-verified`: traces of it were compared with a real kernel. `modelled`: from source and documents. */
  readonly evidence: 'kernel-verified' | 'modelled';
  /** Version of the real program that the facts are from. */
  readonly factsFrom: string;
  /** A sentence when this driver and mode cannot run on this cluster, else null. */
  refuses(cluster: Cluster, mode: string): string | null;
}

/** Options that a lab or the person may set beside the mode; each driver documents which it honours. */
export interface CniOptions {
  readonly hairpin?: boolean;
  readonly podMtuBytes?: number;
  /** Pairs `[node, peer]` whose FDB entry was never written. */
  readonly missingFdb?: readonly (readonly [string, string])[];
  readonly noForwardAccept?: boolean;
}

export interface CniDriver extends DriverBase {
  plan(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan;
}

/** kube-proxy, or what replaces it. */
export interface ProxyDriver extends DriverBase {
  plan(cluster: Cluster, node: ClusterNode, mode: string): NodePlan;
}

export type { NetnsConfig };
