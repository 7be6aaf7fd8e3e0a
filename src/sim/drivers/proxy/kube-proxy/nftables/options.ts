import type { Cidr } from '../../../../wire/ip.ts';
import { type NodeView, PROXY_DEFAULTS, type ProxyOptions } from '../options.ts';

/**
 * How the rules are laid out: A0 in the alpha of v1.29, A in v1.30 to v1.33, B in v1.34 and v1.35, C from v1.36
 * (pkg/proxy/nftables/proxier.go). B looks for source ranges before and for missing endpoints after the DNAT of what the node itself
 * sends; C translates in the chain of the Service. Nobody can choose A0: recorded cases know it.
 */
export type NftLayout = 'A0' | 'A' | 'B' | 'C';

/** What the node itself sends is checked before its DNAT. */
export const isEarly = (layout: NftLayout): boolean => layout === 'A0' || layout === 'A';

/** Ports that no Service has, and addresses that none has, are refused. */
export const checksClusterIps = (layout: NftLayout): boolean => layout !== 'A0';

export interface NftOptions
  extends Pick<ProxyOptions, 'masqueradeAll' | 'masqueradeBit' | 'nodePortAddresses' | 'detectLocal'> {
  readonly layout: NftLayout;
}

/** The flags have the defaults of every mode, but no addresses for node ports means the node's primary one, not all. */
export const NFT_DEFAULTS: NftOptions = {
  layout: 'B',
  masqueradeAll: PROXY_DEFAULTS.masqueradeAll,
  masqueradeBit: PROXY_DEFAULTS.masqueradeBit,
  nodePortAddresses: PROXY_DEFAULTS.nodePortAddresses,
  detectLocal: PROXY_DEFAULTS.detectLocal,
};

/** One proxier of this mode: the node as it sees it, and the ranges that Services get their addresses from. */
export interface NftView extends NodeView {
  readonly serviceCidrs: readonly Cidr[];
}
