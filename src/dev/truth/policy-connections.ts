/** Lists of connections between workloads and outside ranges, for all ports: what np-guard's netpol-analyzer prints. */
import { type EndRef, type PolicyModel, policyModel } from '../../sim/kube/policy/model.ts';
import type { Interval, PortSetId } from '../../sim/kube/policy/port-sets.ts';
import { connectionsOf } from '../../sim/kube/policy/verdict.ts';
import { type Ip, intToIp, ip, ipToInt, parseCidr } from '../../sim/wire/ip.ts';
import { CONTROLLER, throughIngress } from './policy-ingress.ts';
import { inputOfResources, type RecordedObject, type Workload, workloadsOf } from './policy-input.ts';

type Ranges = readonly (readonly [number, number])[];

export interface Conns {
  readonly all?: boolean;
  readonly TCP?: Ranges;
  readonly UDP?: Ranges;
  readonly SCTP?: Ranges;
}

export interface ConnectionsCase {
  readonly resources: readonly RecordedObject[];
  readonly expected: readonly { readonly src: string; readonly dst: string; readonly conns: Conns }[];
  readonly evalTests?: readonly { readonly src: string; readonly dst: string; readonly conns: Conns }[];
}

export function connectionsDifference({ resources, expected, evalTests = [] }: ConnectionsCase): string | null {
  const workloads = workloadsOf(resources);
  const model = policyModel(inputOfResources(resources, [...workloads.map(({ pod }) => pod), CONTROLLER]));
  const said = new Map(expected.map((row) => [`${row.src} ${row.dst}`, row.conns]));
  return (
    betweenWorkloads(model, workloads, said) ??
    withOutside(model, workloads, expected) ??
    fromController(model, resources, workloads, said) ??
    evalTests.map((row) => evalDifference(model, row)).find((found) => found !== null) ??
    null
  );
}

const podEnd = ({ pod }: Pick<Workload, 'pod'>): EndRef => ({ kind: 'pod', ref: `${pod.namespace}/${pod.name}` });

function betweenWorkloads(
  model: PolicyModel,
  workloads: readonly Workload[],
  said: ReadonlyMap<string, Conns>,
): string | null {
  for (const from of workloads) {
    for (const to of workloads) {
      if (from.name === to.name) continue;
      const ours = connectionsOf(model, podEnd(from), podEnd(to)).both;
      const difference = compare(model, `${from.name} > ${to.name}`, said.get(`${from.name} ${to.name}`), ours);
      if (difference) return difference;
    }
  }
  return null;
}

const INGRESS_END = '{ingress-controller}';

function fromController(
  model: PolicyModel,
  resources: readonly RecordedObject[],
  workloads: readonly Workload[],
  said: ReadonlyMap<string, Conns>,
): string | null {
  const opened = throughIngress(resources, workloads);
  for (const to of workloads) {
    const sets = model.states.ports;
    const ports = sets.of((opened.get(to.name) ?? []).map((port) => ({ protocol: 'TCP', from: port, to: port })));
    const { ingress } = connectionsOf(model, podEnd({ pod: CONTROLLER }), podEnd(to));
    const ours = sets.both(ports, ingress.ports);
    const difference = compare(model, `${INGRESS_END} > ${to.name}`, said.get(`${INGRESS_END} ${to.name}`), ours);
    if (difference) return difference;
  }
  return null;
}

/** One family: np-guard lists IPv4 only. A range may be listed in parts, so it is compared piece by piece. */
function withOutside(
  model: PolicyModel,
  workloads: readonly Workload[],
  expected: ConnectionsCase['expected'],
): string | null {
  const rows = expected.map((row) => ({ ...row, from: rangesOf(row.src), to: rangesOf(row.dst) }));
  const starts = new Set<number>([0]);
  for (const [first, last] of rows.flatMap(({ from, to }) => [...from, ...to])) {
    starts.add(first);
    if (last < 2 ** 32 - 1) starts.add(last + 1);
  }
  for (const end of model.ends.all)
    if (end.kind === 'range' && end.range.family === 4) starts.add(Number(end.range.from));
  for (const start of starts) {
    const outside: EndRef = { kind: 'ip', ip: freeAddress(model, start) };
    const covers = (ranges: Ranges): boolean => ranges.some(([first, last]) => first <= start && start <= last);
    for (const workload of workloads) {
      const into = rows.find(({ from, dst }) => dst === workload.name && covers(from))?.conns;
      const out = rows.find(({ src, to }) => src === workload.name && covers(to))?.conns;
      const difference =
        compare(
          model,
          `${outside.ip} > ${workload.name}`,
          into,
          connectionsOf(model, outside, podEnd(workload)).both,
        ) ??
        compare(model, `${workload.name} > ${outside.ip}`, out, connectionsOf(model, podEnd(workload), outside).both);
      if (difference) return difference;
    }
  }
  return null;
}

/** A pod's own address is that pod; the one after it lies in the same range, unless the range is that address alone. */
function freeAddress(model: PolicyModel, start: number): Ip {
  const address = intToIp(start);
  const isTaken = model.input.pods.some(({ ips }) => ips.includes(address));
  return isTaken ? intToIp(start + 1) : address;
}

function rangesOf(text: string): Ranges {
  return text.split(',').flatMap((part): Ranges => {
    const [, first, last] = /^\s*([\d.]+)(?:-([\d.]+))?\s*$/.exec(part) ?? [];
    if (first === undefined) return [];
    return [[ipToInt(ip(first)), ipToInt(ip(last ?? first))]];
  });
}

function evalDifference(model: PolicyModel, { src, dst, conns }: ConnectionsCase['expected'][number]): string | null {
  const end = (text: string): EndRef => {
    const net = parseCidr(text);
    return net.ok ? { kind: 'ip', ip: net.value.base } : { kind: 'pod', ref: text };
  };
  return compare(model, `${src} > ${dst}`, conns, connectionsOf(model, end(src), end(dst)).both);
}

function compare(model: PolicyModel, where: string, expected: Conns | undefined, ours: PortSetId): string | null {
  const [theirs, found] = [printConns(expected), printIntervals(model, ours)];
  return theirs === found ? null : `${where}: expected ${theirs}, oracle ${found}`;
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
const ALL: Ranges = [[1, 65_535]];

function printConns(conns: Conns | undefined): string {
  if (conns === undefined) return 'nothing';
  const parts = PROTOCOLS.flatMap((protocol) =>
    (conns.all ? ALL : (conns[protocol] ?? [])).map(([from, to]) => `${protocol} ${from}-${to}`),
  );
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

export function printIntervals(model: PolicyModel, set: PortSetId): string {
  const all = model.states.ports.intervals(set);
  const of = (protocol: string): readonly Interval[] => all.filter((one) => one.protocol === protocol);
  const parts = PROTOCOLS.flatMap((protocol) => of(protocol).map(({ from, to }) => `${protocol} ${from}-${to}`));
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}
