/** Names and numbers of kube-proxy's iptables mode, v1.28 to v1.36: pkg/proxy/iptables/proxier.go, the rule text is the same in all. */
export const SERVICES = 'KUBE-SERVICES';
export const EXTERNAL_SERVICES = 'KUBE-EXTERNAL-SERVICES';
export const NODEPORTS = 'KUBE-NODEPORTS';
export const PROXY_FIREWALL = 'KUBE-PROXY-FIREWALL';
export const FORWARD = 'KUBE-FORWARD';
export const POSTROUTING = 'KUBE-POSTROUTING';
export const MARK_MASQ = 'KUBE-MARK-MASQ';
export const CANARY = 'KUBE-PROXY-CANARY';

/** More endpoints than this, over all service ports, and endpoint rules lose their comments. */
export const LARGE_CLUSTER_ENDPOINTS = 1000;

/** Digits of a probability as kube-proxy sends it (`%0.10f`). */
export const PROBABILITY_DIGITS = 10;

/** pkg/proxy/metrics/metrics.go, v1.33. */
export const INVALID_COUNTER = 'ct_state_invalid_dropped_pkts';
export const LOOPBACK_COUNTER = 'localhost_nps_accepted_pkts';
