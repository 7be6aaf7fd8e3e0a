/** The world: every network namespace's configuration, derived from the scenario. Built by `engine/build-world`, never edited. */
import type { Cluster } from '../kube/cluster.ts';
import type { ClusterNote } from '../kube/cluster-input.ts';
import type { NetnsConfig, NsId } from '../linux/config.ts';

export interface World {
  readonly cluster: Cluster;
  readonly namespaces: ReadonlyMap<NsId, NetnsConfig>;
  readonly cni: { readonly id: string; readonly mode: string };
  readonly proxy: { readonly id: string; readonly mode: string };
  /** Neighbour and FDB entries stand as after earlier traffic; false: the first packet must ask (ARP). */
  readonly warm: boolean;
  readonly seed: number;
  /** What was assumed or is pending in the cluster, for the person to see. */
  readonly notes: readonly ClusterNote[];
}

/** The namespace id of the switch that joins the nodes. */
export const UNDERLAY = 'underlay';
