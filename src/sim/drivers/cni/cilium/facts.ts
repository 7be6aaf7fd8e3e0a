/** Names and numbers of Cilium 1.19 (bpf/lib/common.h, pkg/defaults, pkg/datapath/linux/linux_defaults, pkg/identity/numericidentity.go). */
import { ip } from '../../../wire/ip.ts';

export const HOST_DEVICE = 'cilium_host';
export const NET_DEVICE = 'cilium_net';
export const NODE_DEVICE = 'eth0';
export const POD_DEVICE = 'eth0';

export const VXLAN_PORT = 8472;
export const GENEVE_PORT = 6081;
/** Inner Ethernet 14, VXLAN or Geneve 8, UDP 8, IPv4 20. Only the routes know of it: all devices keep the MTU of the node's network. */
export const TUNNEL_OVERHEAD_BYTES = 50;

/** Reserved identities. */
export const UNKNOWN = 0;
export const HOST = 1;
export const WORLD = 2;
export const UNMANAGED = 3;
export const HEALTH = 4;
export const INIT = 5;
export const REMOTE_NODE = 6;
export const KUBE_APISERVER = 7;
export const INGRESS = 8;
/** Those of them that belong to the cluster (`EntityCluster`, pkg/policy/api/entity.go). */
export const CLUSTER_IDENTITIES = [HOST, REMOTE_NODE, INIT, INGRESS, UNMANAGED, HEALTH, KUBE_APISERVER];
/** Identities of pods: one for each set of labels, the same in the whole cluster. */
export const IDENTITY_MIN = 256;
export const IDENTITY_MAX = 65_535;
/** Of networks that policies name: local to a node (IdentityScopeLocal, 1 << 24). */
export const CIDR_IDENTITY_MIN = 2 ** 24 + 1;
export const RESERVED_LABELS: Readonly<Record<number, string>> = {
  0: 'reserved:unknown',
  1: 'reserved:host',
  2: 'reserved:world',
  3: 'reserved:unmanaged',
  4: 'reserved:health',
  5: 'reserved:init',
  6: 'reserved:remote-node',
  7: 'reserved:kube-apiserver',
  8: 'reserved:ingress',
};

/** What the packet mark says (MARK_MAGIC_*, mask 0x0f00); with IDENTITY the upper half is the source identity. */
export const MARK_MASK = 0x0f00;
export const MARK_SNAT_DONE = 0x0300;
export const MARK_OVERLAY = 0x0400;
export const MARK_HOST = 0x0c00;
export const MARK_IDENTITY = 0x0f00;

/** A pod that calls itself through a Service sees this address (IPV4_LOOPBACK, `ipv4-service-loopback-address`). */
export const LOOPBACK = ip('169.254.42.1');

/** Ports of Services that every node offers. */
export const NODE_PORT_MIN = 30_000;
export const NODE_PORT_MAX = 32_767;
/** Source ports that SNAT may use: those above the node ports (NODEPORT_PORT_MIN_NAT, NODEPORT_PORT_MAX_NAT). */
export const SNAT_PORT_MIN = NODE_PORT_MAX + 1;
export const SNAT_PORT_MAX = 65_535;

/** TTL of an outer header (IPDEFTTL). */
export const TUNNEL_TTL = 64;

/** Where cilium-envoy listens for what policies send it (`--proxy-port-range-min`, 10000 to 20000); the first one for HTTP. */
export const HTTP_PROXY_PORT = 10_000;
/** Of the DNS proxy in the agent. */
export const DNS_PROXY_PORT = 10_001;
/** Of addresses that were learned from DNS: local to a node like those of networks, and given after them. */
export const NAME_IDENTITY_MIN = 2 ** 24 + 2 ** 20;

/** Program arrays. */
export const CALL_POLICY = 'cilium_call_policy';

/** Why a program drops (bpf/lib/drop.h, pkg/monitor/api/drop.go). */
export const DROPS = {
  INVALID_SOURCE: [132, 'Invalid source ip'],
  POLICY: [133, 'Policy denied'],
  UNROUTABLE: [151, 'Stale or unroutable IP'],
  NO_SERVICE: [158, 'Service backend not found'],
  NO_FIB: [169, 'FIB lookup failed'],
  INVALID_IDENTITY: [171, 'Invalid identity'],
  IS_CLUSTER_IP: [174, 'Is a ClusterIP'],
  SOURCE_RANGE: [177, 'Denied by LB src range check'],
  POLICY_DENY: [181, 'Policy denied by denylist'],
  TTL_EXCEEDED: [196, 'TTL exceeded'],
  EP_NOT_READY: [203, 'Endpoint policy program not available'],
} as const;
