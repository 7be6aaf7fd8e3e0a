/** Names and numbers of flanneld v0.26 (pkg/backend/vxlan, pkg/backend/hostgw, pkg/trafficmngr/iptables). */
export const VNI = 1;
/** `Port: 0` leaves the choice to the kernel, which takes its historical default, not IANA's 4789. */
export const VXLAN_PORT = 8472;
/** vxlan.go `RegisterNetwork`: a device of its own for IPv6. */
export const VTEPS = { 4: `flannel.${VNI}`, 6: `flannel-v6.${VNI}` } as const;
/** Inner Ethernet 14, VXLAN 8, UDP 8, IPv4 20 (RFC 7348); vxlan_network.go `encapOverhead`, the same for both families. */
export const VXLAN_OVERHEAD_BYTES = 50;
/** The kernel makes a VXLAN device no larger than what its own end can carry: IPv6 has 20 bytes more (asked for 1450, Linux 6.18 gave 1430). */
export const VXLAN_OVERHEAD_6_BYTES = 70;
export const NODE_DEVICE = 'eth0';

export const POSTROUTING_CHAIN = 'FLANNEL-POSTRTG';
export const FORWARD_CHAIN = 'FLANNEL-FWD';
export const MASQ_NOTE = 'flanneld masq';
export const FORWARD_NOTE = 'flanneld forward';
/** kube-proxy's mark: what it will masquerade is not Flannel's business. */
export const KUBE_PROXY_MARK = 0x4000;
