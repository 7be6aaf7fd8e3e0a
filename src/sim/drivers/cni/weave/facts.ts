/** Names and numbers of Weave Net 2.8.1 (net/bridge.go, net/veth.go, router/fastdp.go; weave-kube's launch.sh). */
export const BRIDGE = 'weave';
export const DATAPATH = 'datapath';
/** The cable between the two. */
export const BRIDGE_END = 'vethwe-bridge';
export const DATAPATH_END = 'vethwe-datapath';
export const POD_END_PREFIX = 'vethwepl';
/** IFNAMSIZ less the closing zero and the prefix. */
export const ID_LETTERS = 7;

/** One above the control port 6783, and not IANA's 4789. */
export const VXLAN_PORT = 6784;
/** The kernel's device behind the datapath's vxlan port (net/openvswitch/vport-vxlan.c). */
export const TUNNEL_PORT = `vxlan-${VXLAN_PORT}`;
/** What vport-vxlan asks for: IP_MAX_MTU. Kernels before 4.14 took the headers off. */
export const TUNNEL_MTU_BYTES = 65_535;
/** 1460, Google's node network, less 20 + 8 + 8 + 14 for the tunnel and 34 for ESP. The same on every network. */
export const MTU_BYTES = 1376;
/** Of the source in a VNI; the destination's stands above it (router/fastdp.go `tunnelIDFor`). */
export const SHORT_ID_BITS = 12;

export const CHAIN = 'WEAVE';
export const EXPOSE_CHAIN = 'WEAVE-EXPOSE';
export const NO_MASQ_SET = 'weaver-no-masq-local';
export const CONTROL_PORT = 6784;
export const NPC_CHAIN = 'WEAVE-NPC';
export const EGRESS_CHAIN = 'WEAVE-NPC-EGRESS';
/** NFLOG, for the log of dropped packets. */
export const LOG_GROUP = 86;
