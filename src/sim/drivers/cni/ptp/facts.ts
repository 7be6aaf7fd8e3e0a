/** What the administrator of this cluster put into the configuration file of the `ptp` plugin (plugins/main/ptp/ptp.go, v1.9.1). */
export const NETWORK = 'ptp';
/** Without `mtu` the plugin leaves the kernel's default, whatever the node's own MTU is. */
export const POD_MTU_BYTES = 1500;
