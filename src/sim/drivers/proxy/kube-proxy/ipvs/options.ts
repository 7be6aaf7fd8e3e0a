import type { SchedulerName } from '../../../../linux/ipvs/table.ts';
import type { Cidr } from '../../../../wire/ip.ts';
import { PROXY_DEFAULTS, type ProxyOptions } from '../options.ts';

/**
 * The flags of IPVS mode, by their names in KubeProxyConfiguration (`ipvs:`, pkg/proxy/apis/config, v1.33). SIMPLIFIED: without its three
 * timeouts (`tcpTimeout`, `tcpFinTimeout`, `udpTimeout`), which are 0 by default: the kernel's own stay.
 */
export interface IpvsOptions extends ProxyOptions {
  /** One for all Services. */
  readonly scheduler: SchedulerName;
  /** Nodes answer ARP for an address only on the device that has it. */
  readonly strictARP: boolean;
  /** Virtual servers with these addresses are somebody else's and stay. */
  readonly excludeCIDRs: readonly Cidr[];
}

export const IPVS_DEFAULTS: IpvsOptions = {
  ...PROXY_DEFAULTS,
  scheduler: 'rr',
  strictARP: false,
  excludeCIDRs: [],
};
