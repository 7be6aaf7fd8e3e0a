/** What the cases of nftables mode say: tables of syncs, listings of real nodes, load balancer addresses. */
import { parseNft } from '../../../../linux/netfilter/nftables/parse.ts';
import { printTable } from '../../../../linux/netfilter/nftables/print.ts';
import type { NftTable } from '../../../../linux/netfilter/nftables/ruleset.ts';
import { type RecordedRow, row } from '../recorded-row.ts';
import { type IpModeCase, ipModeObjects } from '../recorded-rows.ts';
import { blocksOf, blocksOfTable, type NftRecordedInputs, recordedTable } from './recorded-case.ts';
import { withStaleChains } from './table.ts';

export interface RecordedNftCase {
  readonly layout?: string;
  readonly inputs?: NftRecordedInputs;
  /** Oldest first: the objects that stood before. */
  readonly previousSteps?: readonly Pick<NftRecordedInputs, 'services' | 'endpointSlices'>[];
  readonly expected?: {
    readonly dump?: string;
    readonly nftList?: string | PartialListing;
    /** Chains that the node does not have: a name, or what it begins with and `*`. */
    readonly absentChains?: readonly string[];
  };
  readonly cases?: readonly IpModeCase[];
}

/** Some objects of a real node, by `set NAME`, `map NAME` or `chain NAME`. */
type PartialListing = Readonly<
  Record<
    string,
    readonly string[] | { readonly elements?: readonly string[]; readonly elementsInclude?: readonly string[] }
  >
>;

export function nftRows({
  layout,
  inputs,
  previousSteps = [],
  expected = {},
  cases = [],
}: RecordedNftCase): RecordedRow[] {
  const { dump, nftList, absentChains = [] } = expected;
  const ipModes = cases.map(ipModeRow);
  if (inputs?.endpointSlices === undefined) return ipModes;
  const known = withLayout(inputs, layout);
  const before = previousSteps.at(-1);
  const now = () => recordedTable(known);
  const table = () => (before ? withStaleChains(now(), recordedTable({ ...known, ...before })) : now());
  return [
    ...ipModes,
    ...(dump === undefined ? [] : [row('what is given to nft -f', blocksOfText(dump), () => blocksOfTable(table()))]),
    ...(typeof nftList === 'string' ? listingRows(nftList, table) : partialRows(nftList ?? {}, now)),
    ...absentChains.map((absent) => row(`no chain ${absent}`, [], () => chainsLike(now(), absent.replace('*', '')))),
  ];
}

export const withLayout = (inputs: NftRecordedInputs, layout: string | undefined): NftRecordedInputs =>
  layout === undefined ? inputs : { ...inputs, layout };

function blocksOfText(text: string): string[] {
  const parsed = parseNft(text);
  return parsed.ok ? parsed.value.flatMap(blocksOfTable) : [`line ${parsed.error.line}: ${parsed.error.message}`];
}

function listingRows(listing: string, table: () => NftTable): RecordedRow[] {
  const blocks = blocksOf(listing);
  return [
    row('what nft -s list table prints', blocks, () => blocksOfTable(table())),
    row('a listing is read and printed as it was', blocks, () => {
      const parsed = parseNft(listing);
      return parsed.ok ? parsed.value.flatMap((each) => blocksOf(printTable(each))) : parsed.error;
    }),
  ];
}

/** Of that node only two Services were published; the listing names a third. */
const UNKNOWN_ELEMENTS = ['10.96.0.10'];

function partialRows(listing: PartialListing, table: () => NftTable): RecordedRow[] {
  return Object.entries(listing).map(([name, wanted]) => {
    const block = (): string => blocksOfTable(table()).find((each) => each.startsWith(`\t${name} {`)) ?? '';
    if (!('elements' in wanted) && !('elementsInclude' in wanted))
      return row(name, wanted, () =>
        block()
          .split('\n')
          .slice(1, -1)
          .map((line) => line.trim()),
      );
    const { elements, elementsInclude = [] } = wanted;
    const found = (): string[] => (/elements = \{ ([^}]*) \}/.exec(block())?.[1]?.split(/,\s+/) ?? []).sort();
    if (elements) return row(name, [...elements].sort(), found);
    const known = elementsInclude.filter((element) => !UNKNOWN_ELEMENTS.includes(element)).sort();
    return row(name, known, () => found().filter((element) => known.includes(element)));
  });
}

const chainsLike = (table: NftTable, start: string): string[] =>
  [...table.chains.keys()].filter((name) => name.startsWith(start));

function ipModeRow(each: IpModeCase): RecordedRow {
  return row(`an element for the address of the load balancer: ${each.name}`, each.expectedRule, () => {
    const table = recordedTable({
      nodeName: 'test-node',
      nodeIPs: ['192.168.0.2'],
      ipFamily: 'IPv4',
      clusterCIDR: '10.0.0.0/8',
      flags: { masqueradeAll: false, masqueradeMark: '0x4000', nodePortAddresses: [] },
      ...ipModeObjects(each),
    });
    return table.sets.get('service-ips')?.elements.has(`${each.lbIP} . tcp . 80`);
  });
}
