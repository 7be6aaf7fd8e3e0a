/** Names of kube-proxy's nftables mode (pkg/proxy/nftables/proxier.go, v1.30 to v1.36). */
export const TABLE = 'kube-proxy';

export const CLUSTER_IPS = 'cluster-ips';
export const NODEPORT_IPS = 'nodeport-ips';
export const SERVICE_IPS = 'service-ips';
export const SERVICE_NODEPORTS = 'service-nodeports';
export const NO_ENDPOINT_SERVICES = 'no-endpoint-services';
export const NO_ENDPOINT_NODEPORTS = 'no-endpoint-nodeports';
export const FIREWALL_IPS = 'firewall-ips';
export const HAIRPINS = 'hairpin-connections';

export const SERVICES = 'services';
export const SERVICE_CHECK = 'service-endpoints-check';
export const NODEPORT_CHECK = 'nodeport-endpoints-check';
export const FIREWALL_CHECK = 'firewall-check';
export const CLUSTER_IPS_CHECK = 'cluster-ips-check';
export const REJECT = 'reject-chain';
export const MARK_MASQ = 'mark-for-masquerade';
export const MASQUERADING = 'masquerading';
