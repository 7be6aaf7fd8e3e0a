/** Names and numbers of the real program: its version, and the file each is from. */
export const NETWORK = 'skeleton';
export const BRIDGE = 'cni0';
export const CNI_VERSION = '1.0.0';
