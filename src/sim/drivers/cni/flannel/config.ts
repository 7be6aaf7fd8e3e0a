import type { Cluster } from '../../../kube/cluster.ts';
import type { CniOptions } from '../../contract.ts';
import type { BridgeConfig } from '../../parts/bridge-plugin.ts';
import * as facts from '../../parts/flanneld/facts.ts';

/** Made by the first pod of a node: a node without pods has no cni0, no gateway address and no route to its own pod network. */
export const BRIDGE = 'cni0';
/** `name` of 10-flannel.conflist (kube-flannel.yml). */
export const NETWORK = 'cbr0';

/** What the `flannel` CNI plugin tells the `bridge` plugin, from /run/flannel/subnet.env. */
export function bridgeConfig(cluster: Cluster, mode: string, options: CniOptions): BridgeConfig {
  const overhead = mode === 'host-gw' ? 0 : facts.VXLAN_OVERHEAD_BYTES;
  return {
    bridge: BRIDGE,
    mtuBytes: options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes - overhead,
    hairpin: options.hairpin ?? true,
    routes: cluster.podCIDRs ?? [cluster.podCIDR],
  };
}
