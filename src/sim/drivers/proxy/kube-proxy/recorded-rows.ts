/** What the cases of iptables mode say: texts of syncs, numbers of rules, load balancer addresses, comments in a large cluster. */
import type { Ruleset } from '../../../linux/netfilter/iptables/rule.ts';
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
import { type RecordedRow, row } from './recorded-row.ts';

export interface RecordedCase {
  readonly inputs?: RecordedInputs;
  /** Oldest first: the objects that stood before. */
  readonly previousSteps?: readonly Objects[];
  readonly expected?: { readonly dump?: string; readonly dumpKind?: string; readonly save?: string };
  readonly cases?: readonly (CountCase | IpModeCase)[];
  readonly steps?: readonly LargeClusterStep[];
}

export const PARTIAL = 'iptables-restore-input-partial';

export function iptablesRows(recorded: RecordedCase): RecordedRow[] {
  const { cases = [], steps = [] } = recorded;
  return [
    ...syncRows(recorded),
    ...cases.map((each) => ('expectedRule' in each ? ipModeRow(each) : countRow(each))),
    ...(steps.length > 0 ? largeClusterRows(steps) : []),
  ];
}

function syncRows(recorded: RecordedCase): RecordedRow[] {
  const { inputs, expected = {} } = recorded;
  const { dump, save } = expected;
  if (inputs?.endpointSlices === undefined) return [];
  return [
    ...(dump === undefined
      ? []
      : [
          row('what goes to iptables-restore', linesOfDump(dump), () => linesOf(sent(recorded, inputs))),
          row('which chains it deletes', deletedIn(dump), () => deleted(recorded, inputs)),
        ]),
    ...(save === undefined ? [] : [row('what iptables-save prints', save.trim().split('\n'), () => saved(inputs))]),
  ];
}

const deletedIn = (dump: string): string[] =>
  dump
    .split('\n')
    .flatMap((line) => (line.startsWith('-X ') ? [line.slice(3)] : []))
    .sort();

const saved = (inputs: RecordedInputs): string[] =>
  linesOf(standingRules(inputs)).filter((line) => !line.includes('KUBE-KUBELET-CANARY'));

/** A step of a case sends what its kind of sync sends, after the step before it. */
function sent(recorded: RecordedCase, inputs: RecordedInputs): Ruleset {
  const before = inputsBefore(recorded);
  const isPartial = recorded.expected?.dumpKind === PARTIAL;
  return before && isPartial ? partiallySyncedRules(before, inputs).ruleset : syncedRules(inputs);
}

function deleted(recorded: RecordedCase, inputs: RecordedInputs): string[] {
  const before = inputsBefore(recorded);
  return before ? [...partiallySyncedRules(before, inputs).stale].sort() : [];
}

/**
 * The case as its last sync left it. A full sync that has a step before it does again what failed: when that had the same objects, what
 * stands is what the step before left.
 */
export function inputsBefore({ inputs, previousSteps = [], expected }: RecordedCase): RecordedInputs | undefined {
  const last = previousSteps.at(-1);
  if (!inputs || !last) return undefined;
  const before =
    expected?.dumpKind === PARTIAL ? last : previousSteps.findLast((step) => !hasSameObjects(step, inputs));
  return before && { ...inputs, services: before.services, endpointSlices: before.endpointSlices };
}

type Objects = Pick<RecordedInputs, 'services' | 'endpointSlices'>;

function hasSameObjects(one: Objects, other: Objects): boolean {
  const text = ({ services, endpointSlices }: Objects): string =>
    [...services, ...endpointSlices]
      .map((each) => JSON.stringify(each))
      .sort()
      .join();
  return text(one) === text(other);
}

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

function rulesIn(ruleset: Ruleset, table: 'filter' | 'nat'): string[] {
  const lines = linesOf(ruleset);
  const nat = lines.indexOf('*nat');
  return (table === 'nat' ? lines.slice(nat) : lines.slice(0, nat)).filter((line) => line.startsWith('-A'));
}

interface CountCase {
  readonly name: string;
  readonly services: readonly ServiceJson[];
  readonly endpointSlices: readonly SliceJson[];
  readonly expected: { readonly filterRules: number; readonly natRules: number };
}

function countRow({ name, services, endpointSlices, expected }: CountCase): RecordedRow {
  return row(`numbers of rules: ${name}`, expected, () => {
    const ruleset = syncedRules(plainInputs(services, endpointSlices));
    return { filterRules: rulesIn(ruleset, 'filter').length, natRules: rulesIn(ruleset, 'nat').length };
  });
}

/** The same in every mode: one Service of type LoadBalancer, and whether its address gets a rule. */
export interface IpModeCase {
  readonly name: string;
  readonly featureGateLoadBalancerIPMode: boolean;
  readonly clusterIP: string;
  readonly lbIP: string;
  readonly ipMode: string | null;
  readonly expectedRule: boolean;
}

/** Before v1.32 the gate LoadBalancerIPMode could be off: then nobody reads the field. */
export function ipModeObjects({ clusterIP, lbIP, ipMode, featureGateLoadBalancerIPMode }: IpModeCase) {
  const plain = clusterIpService('svc1', clusterIP, 80);
  const ingress = featureGateLoadBalancerIPMode ? { ip: lbIP, ipMode } : { ip: lbIP };
  const service: ServiceJson = {
    ...plain,
    spec: { ...plain.spec, type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: [ingress] } },
  };
  return { services: [service], endpointSlices: [sliceOf(service, ['10.180.0.1'])] };
}

function ipModeRow(each: IpModeCase): RecordedRow {
  return row(`a rule for the address of the load balancer: ${each.name}`, each.expectedRule, () => {
    const { services, endpointSlices } = ipModeObjects(each);
    const nat = rulesIn(syncedRules(plainInputs(services, endpointSlices)), 'nat');
    return nat.some((line) => line.startsWith(`-A KUBE-SERVICES -d ${each.lbIP}/32`));
  });
}

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

interface LargeClusterStep {
  readonly expected: {
    readonly dnatLines: number;
    readonly dnatLinesWithComment?: number;
    readonly line?: string;
    readonly contains?: readonly string[];
    readonly noChainDeletions?: boolean;
  };
}

/** The objects that the case describes in words: the cluster grows over 1000 endpoints, then by one Service, which then goes. */
function largeClusters() {
  const services = [
    clusterIpService('svc1', '172.30.0.41', 80),
    clusterIpService('svc2', '172.30.0.42', 8080),
    clusterIpService('svc3', '172.30.0.43', 8081),
  ];
  const many = (net: number): string[] =>
    Array.from({ length: 499 }, (_, i) => `10.${net}.${i % 256}.${Math.floor(i / 256)}`);
  const inputs = (...addresses: string[][]): RecordedInputs =>
    plainInputs(
      services,
      addresses.flatMap((list, i) => (services[i] ? [sliceOf(services[i], list)] : [])),
    );
  const large = inputs(many(0), many(1), ['203.0.113.4', '203.0.113.8', '203.0.113.12']);
  const fourth = clusterIpService('svc4', '172.30.0.44', 8082);
  const withFourth: RecordedInputs = {
    ...large,
    services: [...services, fourth],
    endpointSlices: [...large.endpointSlices, sliceOf(fourth, ['10.4.0.1'])],
  };
  return { small: inputs(many(0), many(1)), large, withFourth };
}

function largeClusterRows(steps: readonly LargeClusterStep[]): RecordedRow[] {
  const { small, large, withFourth } = largeClusters();
  const without = () => partiallySyncedRules(withFourth, large);
  const syncs: readonly (readonly [what: string, ruleset: () => Ruleset])[] = [
    ['998 endpoints keep their comments', () => syncedRules(small)],
    ['the sync that crosses the limit leaves old chains alone', () => partiallySyncedRules(small, large).ruleset],
    ['1001 endpoints lose them in a full sync', () => syncedRules(large)],
    ['one Service more is one chain more', () => partiallySyncedRules(large, withFourth).ruleset],
    ['a Service that is gone sends nothing', () => without().ruleset],
    ['nor later', () => without().ruleset],
  ];
  return steps.flatMap(({ expected }, i) => {
    const [what, ruleset] = syncs[i] ?? [`step ${i + 1} is not known`, (): Ruleset => new Map()];
    const { dnatLines, line, contains } = expected;
    const { dnatLinesWithComment = expected.noChainDeletions || contains ? 0 : dnatLines > 1 ? dnatLines : 0 } =
      expected;
    const dnat = (): string[] => linesOf(ruleset()).filter((each) => each.includes('-j DNAT'));
    const commented = (): number => dnat().filter((each) => each.includes('--comment')).length;
    return [
      row(what, { dnatLines, dnatLinesWithComment }, () => ({
        dnatLines: dnat().length,
        dnatLinesWithComment: commented(),
      })),
      ...(line === undefined ? [] : [row(`${what}: ${line}`, true, () => dnat().includes(inOurWords(line)))]),
      ...(contains === undefined
        ? []
        : [
            row(`${what}: chains`, [...contains].sort(), () =>
              without()
                .stale.map((chain) => `-X ${chain}`)
                .sort(),
            ),
          ]),
    ];
  });
}

/** One rule as our printer writes it. */
const inOurWords = (line: string): string =>
  linesOfDump(`*nat\n:${line.split(' ')[1]} - [0:0]\n${line}\nCOMMIT`).at(-2) ?? line;
