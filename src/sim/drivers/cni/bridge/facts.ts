/** What the administrator of this cluster put into the configuration file of the `bridge` plugin (plugins/main/bridge/bridge.go, v1.9.1). */
export const NETWORK = 'bridge';
/** `bridge` where the file names none is `cni0`, too. */
export const BRIDGE = 'cni0';
/** Without `mtu` the plugin leaves the kernel's default, whatever the node's own MTU is. */
export const POD_MTU_BYTES = 1500;
export const PLUGIN = 'bridge (CNI plugin)';
