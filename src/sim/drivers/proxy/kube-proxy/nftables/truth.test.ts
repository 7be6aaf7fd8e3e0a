/** kube-proxy's own test cases of this mode, replayed. They lie beside the checkout; where they are missing, these tests are skipped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseNft } from '../../../../linux/netfilter/nftables/parse.ts';
import { printTable } from '../../../../linux/netfilter/nftables/print.ts';
import type { NftTable } from '../../../../linux/netfilter/nftables/ruleset.ts';
import type { Ip } from '../../../../wire/ip.ts';
import { endpointNames, serviceNames } from './names.ts';
import { blocksOf, blocksOfTable, type NftRecordedInputs, recordedTable } from './recorded-case.ts';
import { withStaleChains } from './table.ts';

const root = new URL('../../../../../../../shared/truth/kube-proxy/', import.meta.url);
const isHere = existsSync(root);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'));

interface Recorded {
  readonly file: string;
  readonly layout?: string;
  readonly inputs: NftRecordedInputs;
  /** Oldest first: the objects that stood before. */
  readonly previousSteps?: readonly Pick<NftRecordedInputs, 'services' | 'endpointSlices'>[];
  readonly expected: { readonly dump?: string; readonly nftList?: unknown; readonly flows?: unknown };
}

const files = isHere ? readdirSync(new URL('nftables/', root)).sort() : [];
const recorded = files
  .map((file) => ({ file, ...(read(`nftables/${file}`) as Omit<Recorded, 'file'>) }))
  .filter(({ inputs }) => inputs?.endpointSlices !== undefined);

/** Parts of cases that say nothing about one full sync. Reviewed: each with its reason. */
const NOT_MODELLED: readonly (readonly [part: string, why: string])[] = [
  ['LoadBalancerIPMode disabled', 'the gate cannot be switched off since v1.32'],
  ['transactionOperations', 'the number of commands of a transaction; here a sync is the table that it leaves'],
];

function having(part: 'dump' | 'nftList'): (readonly [string, Recorded, string])[] {
  return recorded.flatMap((each) => {
    const text = each.expected[part];
    return typeof text === 'string' ? [[each.file, each, text] as const] : [];
  });
}

/** The table after the last of several syncs. */
function tableOf({ inputs, previousSteps = [], layout }: Recorded): NftTable {
  const before = previousSteps.at(-1);
  const known = layout === undefined ? inputs : { ...inputs, layout };
  const table = recordedTable(known);
  return before ? withStaleChains(table, recordedTable({ ...known, ...before })) : table;
}

function onlyTable(text: string): NftTable {
  const parsed = parseNft(text);
  if (!parsed.ok) throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
  expect(parsed.value).toHaveLength(1);
  return parsed.value[0]!;
}

describe('kube-proxy cases', () => {
  it.skipIf(!isHere)('lie in ../shared/truth/kube-proxy, where everything below is read from', () => {
    expect(recorded.length).toBeGreaterThan(0);
  });
});

describe.skipIf(!isHere)('the table of a sync', () => {
  it.each(having('dump'))('%s: what is given to nft -f', (_file, recordedCase, dump) => {
    expect(blocksOfTable(tableOf(recordedCase))).toEqual(blocksOfTable(onlyTable(dump)));
  });

  it.each(having('nftList'))('%s: what nft -s list table prints', (_file, recordedCase, listing) => {
    expect(blocksOfTable(tableOf(recordedCase))).toEqual(blocksOf(listing));
  });

  it.each(having('nftList'))('%s: a listing is read and printed as it was', (_file, _case, listing) => {
    expect(blocksOf(printTable(onlyTable(listing)))).toEqual(blocksOf(listing));
  });

  it('cases are all read, or named in the list of what is not modelled', () => {
    const ownTests = ['nftables-lb-ipmode.json'];
    const known = new Set([...recorded.map(({ file }) => file), ...ownTests]);
    expect(files.filter((file) => !known.has(file))).toEqual([]);
  });

  it.each(NOT_MODELLED)('some cases have a part that is not modelled: %s, because %s', (part) => {
    const texts = files.map((file) => readFileSync(new URL(`nftables/${file}`, root), 'utf8'));
    expect(texts.some((text) => text.includes(part))).toBe(true);
  });
});

interface PartialCase {
  readonly inputs: NftRecordedInputs;
  readonly expected: {
    readonly nftList: Readonly<
      Record<
        string,
        | readonly string[]
        | { readonly type?: string; readonly elements?: string[]; readonly elementsInclude?: string[] }
      >
    >;
    readonly absentChains: readonly string[];
  };
}

/** Of that node only two Services were published; the listing names a third. */
const UNKNOWN_ELEMENTS = new Set(['10.96.0.10']);

describe.skipIf(!isHere)('layout C on a real node', () => {
  const file = 'nftables/nftables-real-v1.36.2-partial.json';
  const { inputs, expected } = (isHere ? read(file) : { expected: { nftList: {}, absentChains: [] } }) as PartialCase;
  it.each(Object.entries(expected.nftList))('%s', (name, wanted) => {
    const table = recordedTable(inputs);
    const block = blocksOfTable(table).find((each) => each.startsWith(`\t${name} {`)) ?? '';
    if (Array.isArray(wanted)) {
      expect(
        block
          .split('\n')
          .slice(1, -1)
          .map((line) => line.trim()),
      ).toEqual(wanted);
      return;
    }
    const { elements, elementsInclude } = wanted as Exclude<typeof wanted, readonly string[]>;
    const found = /elements = \{ ([^}]*) \}/.exec(block)?.[1]?.split(/,\s+/) ?? [];
    if (elements) expect(found.sort()).toEqual([...elements].sort());
    for (const element of elementsInclude ?? []) if (!UNKNOWN_ELEMENTS.has(element)) expect(found).toContain(element);
  });

  it('has no chains to mark and none for endpoints', () => {
    const names = [...recordedTable(inputs).chains.keys()];
    for (const absent of expected.absentChains)
      expect(names.filter((name) => name.startsWith(absent.replace('*', '')))).toEqual([]);
  });
});

interface IpModeCase {
  readonly name: string;
  readonly featureGateLoadBalancerIPMode: boolean;
  readonly clusterIP: string;
  readonly lbIP: string;
  readonly ipMode: string | null;
  readonly expectedRule: boolean;
}

const ipModes = isHere ? (read('nftables/nftables-lb-ipmode.json') as { cases: IpModeCase[] }).cases : [];

describe.skipIf(!isHere)('load balancer ipMode', () => {
  const modelled = ipModes.filter((each) => each.featureGateLoadBalancerIPMode);
  it.each(modelled.map((each) => [each.name, each] as const))('%s', (_name, each) => {
    const { clusterIP, lbIP, ipMode, expectedRule } = each;
    const table = recordedTable({
      nodeName: 'test-node',
      nodeIPs: ['192.168.0.2'],
      ipFamily: 'IPv4',
      clusterCIDR: '10.0.0.0/8',
      flags: { masqueradeAll: false, masqueradeMark: '0x4000', nodePortAddresses: [] },
      services: [
        {
          metadata: { namespace: 'ns1', name: 'svc1' },
          spec: { type: 'LoadBalancer', clusterIP, ports: [{ name: 'p80', port: 80, nodePort: 3001 }] },
          status: { loadBalancer: { ingress: [{ ip: lbIP, ipMode }] } },
        },
      ],
      endpointSlices: [
        {
          metadata: { namespace: 'ns1', labels: { 'kubernetes.io/service-name': 'svc1' } },
          endpoints: [{ addresses: ['10.180.0.1'] }],
          ports: [{ name: 'p80', port: 80, protocol: 'TCP' }],
        },
      ],
    });
    expect(table.sets.get('service-ips')?.elements.has(`${lbIP} . tcp . 80`)).toBe(expectedRule);
  });
});

interface NameCases {
  readonly nftablesServiceBase: readonly {
    namespace: string;
    name: string;
    protocol: 'tcp';
    port: string;
    base: string;
  }[];
  readonly nftablesEndpointBase: readonly {
    namespace: string;
    name: string;
    protocol: 'tcp';
    port: string;
    endpoint: string;
    base: string;
  }[];
}

const names = (
  isHere ? read('common/common-chain-names.json') : { nftablesServiceBase: [], nftablesEndpointBase: [] }
) as NameCases;

const portOf = ({ namespace, name, protocol, port }: Omit<NameCases['nftablesServiceBase'][number], 'base'>) => ({
  service: `${namespace}/${name}`,
  name: `${namespace}/${name}${port === '' ? '' : `:${port}`}`,
  protocol,
});

describe.skipIf(!isHere)('names', () => {
  it.each(names.nftablesServiceBase)('$base', (each) => {
    expect(serviceNames(portOf(each)).service).toBe(`service-${each.base}`);
  });

  it.each(names.nftablesEndpointBase)('$base', (each) => {
    const [, address = '', port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(each.endpoint) ?? [];
    const endpoint = { ip: address as Ip, port: Number(port) };
    expect(endpointNames(serviceNames(portOf(each)).text, endpoint).chain).toBe(`endpoint-${each.base}`);
  });
});
