import type { Ipv6Networks } from './cluster-input.ts';

/**
 * Networks of IPv6 as one would choose them: unique local addresses (RFC 4193), those of pods and Services as kind has them
 * (pkg/apis/config/v1alpha4/default.go, v0.32), and one for the nodes with the digits of their IPv4 network.
 */
export const usualIpv6 = (role: Ipv6Networks['role']): Ipv6Networks => ({
  role,
  podCIDR: 'fd00:10:244::/56',
  nodeMask: 64,
  serviceCIDR: 'fd00:10:96::/112',
  nodeNetwork: 'fd00:192:168:56::/64',
});
