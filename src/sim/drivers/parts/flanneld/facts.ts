/** Names and numbers of flanneld v0.26 (pkg/backend/vxlan, pkg/backend/hostgw, pkg/trafficmngr/iptables). */
export const VNI = 1;
/** `Port: 0` leaves the choice to the kernel, which takes its historical default, not IANA's 4789. */
export const VXLAN_PORT = 8472;
export const VTEP = `flannel.${VNI}`;
/** Inner Ethernet 14, VXLAN 8, UDP 8, IPv4 20 (RFC 7348). */
export const VXLAN_OVERHEAD_BYTES = 50;
export const NODE_DEVICE = 'eth0';

export const POSTROUTING_CHAIN = 'FLANNEL-POSTRTG';
export const FORWARD_CHAIN = 'FLANNEL-FWD';
export const MASQ_NOTE = 'flanneld masq';
export const FORWARD_NOTE = 'flanneld forward';
/** kube-proxy's mark: what it will masquerade is not Flannel's business. */
export const KUBE_PROXY_MARK = 0x4000;
