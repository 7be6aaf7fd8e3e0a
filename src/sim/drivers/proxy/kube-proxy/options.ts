import type { Cidr, Ip } from '../../../wire/ip.ts';

/** The flags that change rules, by their names in KubeProxyConfiguration (pkg/proxy/apis/config, v1.33). */
export interface ProxyOptions {
  readonly masqueradeAll: boolean;
  /** Which bit of the packet mark says "masquerade this" (0 to 31). */
  readonly masqueradeBit: number;
  readonly localhostNodePorts: boolean;
  /** Networks of the node's addresses that serve NodePorts. Empty: all local addresses. */
  readonly nodePortAddresses: readonly Cidr[];
  readonly detectLocal: DetectLocal;
  /** `net.netfilter.nf_conntrack_tcp_be_liberal` is not 0: no rule drops INVALID. */
  readonly conntrackTcpBeLiberal: boolean;
  /** The node can count in objects of nfacct, and kube-proxy is v1.32 or later: two kinds of rules then count what they match. */
  readonly nfacct: boolean;
  /** False only where iptables is older than 1.6.2. */
  readonly randomFully: boolean;
}

export type DetectLocal =
  | { readonly mode: 'ClusterCIDR' | 'NodeCIDR' | 'None' }
  | { readonly mode: 'BridgeInterface'; readonly bridge: string }
  | { readonly mode: 'InterfaceNamePrefix'; readonly prefix: string };

/** pkg/proxy/apis/config/v1alpha1/defaults.go, v1.33. */
export const PROXY_DEFAULTS: ProxyOptions = {
  masqueradeAll: false,
  masqueradeBit: 14,
  localhostNodePorts: true,
  nodePortAddresses: [],
  detectLocal: { mode: 'ClusterCIDR' },
  conntrackTcpBeLiberal: false,
  nfacct: false,
  randomFully: true,
};

/** How this node tells "the source is a pod": by address or by the device that it came in through. */
export type LocalDetector =
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  /** A device name, or a prefix followed by `+`. */
  | { readonly kind: 'device'; readonly device: string };

/** One proxier: kube-proxy runs one per address family, each with its own view of the node. */
export interface NodeView {
  readonly nodeName: string;
  readonly family: 4 | 6;
  /** The node's primary address of this family. */
  readonly nodeIP: Ip | null;
  /** Every address of the node of this family, loopback included: what `nodePortAddresses` is matched against. */
  readonly localAddresses: readonly Ip[];
  readonly detector: LocalDetector | null;
  /** The node's zone, for topology hints; absent or empty: it has none. */
  readonly zone?: string;
}
