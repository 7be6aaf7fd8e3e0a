/** Names and numbers of Calico v3.31 (felix/dataplane/linux, confd/etc/calico, libcalico-go/lib/ipam). */
export const NODE_DEVICE = 'eth0';

export const VXLAN_DEVICES = { 4: 'vxlan.calico', 6: 'vxlan-v6.calico' } as const;
export const VNI = 4096;
export const VXLAN_PORT = 4789;
/** Inner Ethernet 14, VXLAN 8, UDP 8, IPv4 20 (RFC 7348); IPv6 has 40. */
export const VXLAN_OVERHEADS_BYTES = { 4: 50, 6: 70 } as const;

/** The kernel's one tunnel for all peers; Felix sets it up and gives it an address (felix/dataplane/linux/ipip_mgr.go). */
export const IPIP_DEVICE = 'tunl0';
/** One IPv4 header (RFC 2003). */
export const IPIP_OVERHEAD_BYTES = 20;

/** Prefix length of the blocks that nodes claim (`blockSize` of an IPPool). */
export const BLOCK_PREFIXES = { 4: 26, 6: 122 } as const;
/** Blocks that one node claims before it borrows from others (`MaxBlocksPerHost`). */
export const BLOCKS_PER_NODE_MAX = 20;

/** `net.ipv4` route protocols: BIRD's own number, and Felix's `DeviceRouteProtocol`. */
export const BY_BIRD = 'bird';
export const BY_FELIX = '80';
