/** kube-proxy's own test cases, replayed. They lie beside the checkout; where they are missing, these tests are skipped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Ruleset } from '../../../linux/netfilter/iptables/rule.ts';
import { ip } from '../../../wire/ip.ts';
import { categorizeEndpoints } from './categorize.ts';
import { endpointChain, serviceChains } from './chain-names.ts';
import {
  linesOf,
  linesOfDump,
  partiallySyncedRules,
  type RecordedInputs,
  type ServiceJson,
  type SliceJson,
  standingRules,
  syncedRules,
} from './recorded-case.ts';
import type { ProxyEndpoint } from './service-port.ts';

const folder = new URL('../../../../../../shared/truth/kube-proxy/', import.meta.url);
const isHere = existsSync(folder);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8'));

interface Recorded {
  readonly file: string;
  readonly inputs: RecordedInputs;
  /** Oldest first: the objects that stood before. */
  readonly previousSteps?: readonly Pick<RecordedInputs, 'services' | 'endpointSlices'>[];
  readonly expected: {
    readonly dump?: string;
    readonly dumpKind?: string;
    readonly save?: string;
    readonly flows?: unknown;
  };
}

/** Cases, or parts of them, that say nothing about one full sync. Reviewed: each with its reason. */
const NOT_MODELLED: Readonly<Record<string, string>> = {
  'engine-TestTracePackets.json': 'tests the packet tracer of the tests themselves: rules in, flows out, no kube-proxy',
  'iptables-lb-ipmode.json, gate disabled': 'LoadBalancerIPMode cannot be switched off since v1.32',
};

const files = isHere ? readdirSync(new URL('iptables/', folder)).sort() : [];
const recorded: Recorded[] = files
  .map((file) => ({ file, ...(read(`iptables/${file}`) as Omit<Recorded, 'file'>) }))
  .filter(({ inputs, expected }) => inputs?.endpointSlices !== undefined && expected !== undefined);

function withExpected(part: keyof Recorded['expected']): (readonly [string, Recorded])[] {
  return recorded.filter(({ expected }) => expected[part] !== undefined).map((each) => [each.file, each] as const);
}

describe('kube-proxy cases', () => {
  it.skipIf(!isHere)('lie in ../shared/truth/kube-proxy, where everything below is read from', () => {
    expect(recorded.length).toBeGreaterThan(0);
  });
});

/** A step of a case sends what its kind of sync sends, after the step before it. */
function sent({ inputs, previousSteps = [], expected }: Recorded): { ruleset: Ruleset; deleted: readonly string[] } {
  const before = previousSteps.at(-1);
  if (!before) return { ruleset: syncedRules(inputs), deleted: [] };
  const { services, endpointSlices } = before;
  const { ruleset, stale } = partiallySyncedRules({ ...inputs, services, endpointSlices }, inputs);
  const isPartial = expected.dumpKind === 'iptables-restore-input-partial';
  return { ruleset: isPartial ? ruleset : syncedRules(inputs), deleted: [...stale].sort() };
}

describe.skipIf(!isHere)('rules of one sync', () => {
  it.each(withExpected('dump'))('%s: what goes to iptables-restore', (_file, recordedCase) => {
    const { dump = '' } = recordedCase.expected;
    const { ruleset, deleted } = sent(recordedCase);
    expect(linesOf(ruleset)).toEqual(linesOfDump(dump));
    expect(deleted).toEqual(
      dump
        .split('\n')
        .flatMap((line) => (line.startsWith('-X ') ? [line.slice(3)] : []))
        .sort(),
    );
  });

  it.each(withExpected('save'))('%s: what iptables-save prints', (_file, { inputs, expected }) => {
    const lines = linesOf(standingRules(inputs)).filter((line) => !line.includes('KUBE-KUBELET-CANARY'));
    expect(lines).toEqual((expected.save ?? '').trim().split('\n'));
  });

  it('are all read, or named in the list of what is not modelled', () => {
    const ownTests = ['iptables-rule-counts.json', 'iptables-large-cluster-mode.json', 'iptables-lb-ipmode.json'];
    const known = new Set([...recorded.map(({ file }) => file), ...ownTests, ...Object.keys(NOT_MODELLED)]);
    expect(files.filter((file) => !known.has(file))).toEqual([]);
  });
});

/** The inputs of upstream's plain fake proxier. */
function plainInputs(services: readonly ServiceJson[], endpointSlices: readonly SliceJson[]): RecordedInputs {
  return {
    nodeName: 'test-hostname',
    nodeIPs: ['192.168.0.2'],
    nodeInterfaces: { lo: ['127.0.0.1/8'], eth0: ['192.168.0.2/24'] },
    ipFamily: 'IPv4',
    clusterCIDR: '10.0.0.0/8',
    flags: {
      masqueradeAll: false,
      masqueradeMark: '0x4000',
      localhostNodePorts: true,
      nodePortAddresses: [],
      iptablesRandomFully: false,
    },
    services,
    endpointSlices,
  };
}

function rules(inputs: RecordedInputs, table: 'filter' | 'nat'): string[] {
  const lines = linesOf(syncedRules(inputs));
  const nat = lines.indexOf('*nat');
  return (table === 'nat' ? lines.slice(nat) : lines.slice(0, nat)).filter((line) => line.startsWith('-A'));
}

interface CountCase {
  readonly name: string;
  readonly services: readonly ServiceJson[];
  readonly endpointSlices: readonly SliceJson[];
  readonly expected: { readonly filterRules: number; readonly natRules: number };
}

const counts = isHere ? (read('iptables/iptables-rule-counts.json') as { cases: CountCase[] }).cases : [];

describe.skipIf(!isHere)('numbers of rules', () => {
  it.each(counts.map((each) => [each.name, each] as const))('%s', (_name, { services, endpointSlices, expected }) => {
    const inputs = plainInputs(services, endpointSlices);
    expect({ filterRules: rules(inputs, 'filter').length, natRules: rules(inputs, 'nat').length }).toEqual(expected);
  });
});

function clusterIpService(name: string, clusterIP: string, port: number): ServiceJson {
  const metadata = { namespace: name.replace('svc', 'ns'), name };
  return { metadata, spec: { clusterIP, ports: [{ name: `p${port}`, port, protocol: 'TCP' }] } };
}

function sliceOf({ metadata, spec }: ServiceJson, addresses: readonly string[]): SliceJson {
  return {
    metadata: { namespace: metadata.namespace, labels: { 'kubernetes.io/service-name': metadata.name } },
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: (spec.ports ?? []).map(({ name = '', port }) => ({ name, port, protocol: 'TCP' })),
  };
}

describe.skipIf(!isHere)('large cluster', () => {
  const services = [
    clusterIpService('svc1', '172.30.0.41', 80),
    clusterIpService('svc2', '172.30.0.42', 8080),
    clusterIpService('svc3', '172.30.0.43', 8081),
  ];
  const many = (net: number): string[] =>
    Array.from({ length: 499 }, (_, i) => `10.${net}.${i % 256}.${Math.floor(i / 256)}`);
  const few = ['203.0.113.4', '203.0.113.8', '203.0.113.12'];
  const inputs = (...addresses: string[][]): RecordedInputs =>
    plainInputs(
      services,
      addresses.flatMap((list, i) => (services[i] ? [sliceOf(services[i], list)] : [])),
    );
  const small = inputs(many(0), many(1));
  const large = inputs(many(0), many(1), few);
  const fourth = clusterIpService('svc4', '172.30.0.44', 8082);
  const withFourth: RecordedInputs = {
    ...large,
    services: [...services, fourth],
    endpointSlices: [...large.endpointSlices, sliceOf(fourth, ['10.4.0.1'])],
  };

  const { steps } = (isHere ? read('iptables/iptables-large-cluster-mode.json') : { steps: [] }) as {
    steps: { expected: { dnatLines: number; dnatLinesWithComment?: number; line: string; contains?: string[] } }[];
  };

  it.each<[string, number, Ruleset]>([
    ['998 endpoints keep their comments', 0, syncedRules(small)],
    ['the sync that crosses the limit leaves old chains alone', 1, partiallySyncedRules(small, large).ruleset],
    ['1001 endpoints lose them in a full sync', 2, syncedRules(large)],
    ['one Service more is one chain more', 3, partiallySyncedRules(large, withFourth).ruleset],
  ])('%s', (_name, step, ruleset) => {
    const { dnatLines, dnatLinesWithComment = 0, line } = steps[step]!.expected;
    const dnat = linesOf(ruleset).filter((each) => each.includes('-j DNAT'));
    expect(dnat.length).toBe(dnatLines);
    expect(dnat.filter((each) => each.includes('--comment')).length).toBe(dnatLinesWithComment);
    expect(dnat).toContain(linesOfDump(`*nat\n:${line.split(' ')[1]} - [0:0]\n${line}\nCOMMIT`).at(-2));
  });

  it('a Service that is gone leaves chains to delete', () => {
    const { ruleset, stale } = partiallySyncedRules(withFourth, large);
    expect(linesOf(ruleset).filter((line) => line.includes('-j DNAT'))).toEqual([]);
    expect(stale.map((chain) => `-X ${chain}`).sort()).toEqual([...(steps[5]!.expected.contains ?? [])].sort());
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

const ipModes = isHere ? (read('iptables/iptables-lb-ipmode.json') as { cases: IpModeCase[] }).cases : [];

describe.skipIf(!isHere)('load balancer ipMode', () => {
  const modelled = ipModes.filter((each) => each.featureGateLoadBalancerIPMode);
  it.each(modelled.map((each) => [each.name, each] as const))(
    '%s',
    (_name, { clusterIP, lbIP, ipMode, expectedRule }) => {
      const plain = clusterIpService('svc1', clusterIP, 80);
      const service: ServiceJson = {
        ...plain,
        spec: { ...plain.spec, type: 'LoadBalancer' },
        status: { loadBalancer: { ingress: [{ ip: lbIP, ipMode }] } },
      };
      const nat = rules(plainInputs([service], [sliceOf(service, ['10.180.0.1'])]), 'nat');
      expect(nat.some((line) => line.startsWith(`-A KUBE-SERVICES -d ${lbIP}/32`))).toBe(expectedRule);
    },
  );
});

interface NameCases {
  readonly iptablesServiceHash: readonly { servicePortName: string; protocol: string; chain: string }[];
  readonly iptablesEndpointHash: readonly {
    servicePortName: string;
    protocol: string;
    endpoint: string;
    chain: string;
  }[];
}

const names = (
  isHere ? read('common/common-chain-names.json') : { iptablesServiceHash: [], iptablesEndpointHash: [] }
) as NameCases;

describe.skipIf(!isHere)('chain names', () => {
  it.each(names.iptablesServiceHash)('$servicePortName $protocol', ({ servicePortName, protocol, chain }) => {
    expect(serviceChains(servicePortName, protocol).svc).toBe(chain);
  });

  it.each(names.iptablesEndpointHash)(
    '$servicePortName $endpoint',
    ({ servicePortName, protocol, endpoint, chain }) => {
      expect(endpointChain(servicePortName, protocol, endpoint)).toBe(chain);
    },
  );
});

interface CategorizeCase {
  readonly name: string;
  readonly inputs: {
    readonly topologyHintsEnabled: boolean;
    readonly nodeLabels: Readonly<Record<string, string>>;
    readonly service: {
      readonly hintsAnnotation: string;
      readonly externalPolicyLocal: boolean;
      readonly internalPolicyLocal: boolean;
      readonly nodePort: number;
    };
    readonly endpoints: readonly (Omit<ProxyEndpoint, 'ip' | 'port' | 'text'> & { readonly endpoint: string })[];
  };
  readonly expected: {
    readonly clusterEndpoints: readonly string[] | null;
    readonly localEndpoints: readonly string[] | null;
    readonly allEndpoints: readonly string[];
    readonly hasAnyEndpoints: boolean;
  };
}

const categories = isHere ? (read('common/common-categorize-endpoints.json') as { cases: CategorizeCase[] }).cases : [];

/** In the version of these rows an annotation switched hints on; later versions ignore it, and the driver is told the zone or null. */
function zoneOf({ topologyHintsEnabled, nodeLabels, service }: CategorizeCase['inputs']): string | null {
  const wantsHints = !['', 'disabled', 'Disabled'].includes(service.hintsAnnotation);
  return topologyHintsEnabled && wantsHints ? (nodeLabels['topology.kubernetes.io/zone'] ?? '') : null;
}

describe.skipIf(!isHere)('endpoint categories', () => {
  it.each(categories.map((each) => [each.name, each] as const))('%s', (_name, { inputs, expected }) => {
    const endpoints = inputs.endpoints.map(({ endpoint, ...rest }) => {
      const [address = '', port] = endpoint.split(':');
      return { ...rest, ip: ip(address), port: Number(port), text: endpoint };
    });
    const { service } = inputs;
    const policies = { ...service, nodePort: service.nodePort || null, externalIPs: [], loadBalancerIPs: [] };
    const found = categorizeEndpoints(endpoints, policies, zoneOf(inputs));
    const texts = (list: readonly ProxyEndpoint[] | null): string[] | null => list?.map(({ text }) => text) ?? null;
    expect({
      clusterEndpoints: texts(found.cluster),
      localEndpoints: texts(found.local),
      allEndpoints: texts(found.reachable),
      hasAnyEndpoints: found.hasEndpoints,
    }).toEqual(expected);
  });
});
