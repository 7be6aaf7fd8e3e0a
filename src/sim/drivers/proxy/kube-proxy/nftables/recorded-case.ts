/**
 * Test cases of this mode that were recorded from kube-proxy's own tests and from real nodes. Nothing in the app reads them;
 * `dev/truth` does.
 */
import { printChain, printSet } from '../../../../linux/netfilter/nftables/print.ts';
import type { NftTable } from '../../../../linux/netfilter/nftables/ruleset.ts';
import { cidr } from '../../../../wire/ip.ts';
import { type RecordedInputs, recordedServices, recordedView } from '../recorded-case.ts';
import { servicePorts } from '../service-port.ts';
import { NFT_DEFAULTS, type NftLayout, type NftOptions } from './options.ts';
import { syncedTable } from './table.ts';

export interface NftRecordedInputs
  extends Pick<RecordedInputs, 'nodeName' | 'nodeIPs' | 'ipFamily' | 'clusterCIDR' | 'services' | 'endpointSlices'> {
  readonly nodeInterfaces?: RecordedInputs['nodeInterfaces'];
  /** Separated by commas. */
  readonly serviceCIDRs?: string;
  readonly layout?: string;
  readonly flags: {
    readonly masqueradeAll: boolean;
    readonly masqueradeMark: string;
    readonly nodePortAddresses: readonly string[];
  };
}

const isLayout = (text: string | undefined): text is NftLayout =>
  text === 'A0' || text === 'A' || text === 'B' || text === 'C';

function optionsOf({ layout, flags }: NftRecordedInputs): NftOptions {
  return {
    ...NFT_DEFAULTS,
    layout: isLayout(layout) ? layout : NFT_DEFAULTS.layout,
    masqueradeAll: flags.masqueradeAll,
    masqueradeBit: Math.log2(Number(flags.masqueradeMark)),
    // The word "primary" is what an empty list means.
    nodePortAddresses: flags.nodePortAddresses.filter((text) => text !== 'primary').map(cidr),
  };
}

/** The table that a full sync from nothing leaves. */
export function recordedTable(inputs: NftRecordedInputs): NftTable {
  const { serviceCIDRs = '' } = inputs;
  const view = { ...recordedView(inputs), serviceCidrs: serviceCIDRs.split(',').filter(Boolean).map(cidr) };
  const ports = servicePorts(recordedServices(inputs), view);
  return syncedTable(ports, view, optionsOf(inputs));
}

/** A listing as one text per set, map and chain, sorted: their order says only when each was made. */
export function blocksOf(listing: string): string[] {
  const [head = '', ...rest] = listing.split(/\n(?=\t(?:set|map|chain) )/);
  const last = rest.pop()?.replace(/\n\}\s*$/, '');
  return [head, ...[...rest, ...(last === undefined ? [] : [last])].map((block) => block.trimEnd()).sort()];
}

/** The same of a table of ours. */
export function blocksOfTable(table: NftTable): string[] {
  const objects = [
    ...Array.from(table.sets.values(), (set) => printSet(set)),
    ...Array.from(table.chains.values(), (chain) => printChain(table.family, chain)),
  ];
  const comment = table.comment === undefined ? '' : `\n\tcomment "${table.comment}"`;
  return [`table ${table.family} ${table.name} {${comment}`, ...objects.map((lines) => lines.join('\n')).sort()];
}
