/** What a probe can start from and go to, as a person picks or types it. Ends are objects, so they survive a change of addresses. */

import { err, ok, type Result } from '../../sim/base/result.ts';
import type { Cluster, ClusterService } from '../../sim/kube/cluster.ts';
import { clusterIPsOf, ipsOf } from '../../sim/kube/families.ts';
import { hasPort, type ProbeFrom, type ProbeProto, type ProbeTo, type ServiceWay } from '../../sim/scenario/probe.ts';
import { nameProblem } from '../../sim/wire/dns.ts';
import type { PortProtocol } from '../../sim/wire/frame.ts';
import { parseIp } from '../../sim/wire/ip.ts';

export type EndGroup =
  | 'Names'
  | 'Same machine'
  | 'Services'
  | 'Pods'
  | 'Nodes'
  | 'Node ports'
  | 'Host ports'
  | 'Outside';

export interface EndOption<End extends ProbeTo = ProbeTo> {
  /** Unique, and what the field shows once it is chosen. */
  readonly text: string;
  readonly detail: string;
  readonly group: EndGroup;
  readonly end: End;
  /** The port and protocol that go with it, where only these make sense. */
  readonly ports?: readonly { readonly port: number; readonly proto: PortProtocol }[];
}

export function fromOptions(cluster: Cluster): readonly EndOption<ProbeFrom>[] {
  return [
    ...cluster.pods.map((pod): EndOption<ProbeFrom> => {
      const ref = `${pod.namespace}/${pod.name}`;
      const where = `${ipsOf(pod).join(', ')} on ${pod.node}${pod.hostNetwork ? ', host network' : ''}`;
      return { text: ref, detail: where, group: 'Pods', end: { kind: 'pod', ref } };
    }),
    ...cluster.nodes.map((node): EndOption<ProbeFrom> => {
      return { text: node.name, detail: ipsOf(node).join(', '), group: 'Nodes', end: { kind: 'node', ref: node.name } };
    }),
    ...cluster.externals.map((host): EndOption<ProbeFrom> => {
      return {
        text: host.name,
        detail: ipsOf(host).join(', '),
        group: 'Outside',
        end: { kind: 'external', ref: host.name },
      };
    }),
  ];
}

const LOCALHOST = '127.0.0.1';

/** `localhost` as a program writes it, or the option for it of whatever start. */
export const isLocalhost = (text: string): boolean => /^localhost(?: \(|$)/.test(text.trim());

/** The address as a person would write it. */
export const hostText = (ip: string): string => (ip === LOCALHOST ? 'localhost' : ip);

/** What a program reaches at 127.0.0.1: whatever listens in the network namespace that it starts in. */
export function localhostOption({ pods, nodes, externals }: Cluster, from: ProbeFrom): EndOption {
  const pod = from.kind === 'pod' ? pods.find((one) => `${one.namespace}/${one.name}` === from.ref) : undefined;
  const machine = pod?.hostNetwork ? pod.node : from.ref;
  const shared = pod?.hostNetwork ? undefined : pod;
  const listens = (shared ?? [...nodes, ...externals].find(({ name }) => name === machine))?.listens ?? [];
  const programs = [...new Set(listens.map(({ program }) => program))];
  const place = pod?.hostNetwork ? 'node' : { pod: 'pod', node: 'node', external: 'machine' }[from.kind];
  return {
    text: `localhost (same ${place})`,
    detail: programs.length === 0 ? 'nobody listens there' : programs.join(', '),
    group: 'Same machine',
    end: { kind: 'ip', ip: LOCALHOST },
    ...(listens.length > 0 && { ports: listens }),
  };
}

export function toOptions(cluster: Cluster): readonly EndOption[] {
  const podPorts = new Map(cluster.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod.listens]));
  const plain = fromOptions(cluster).map((option): EndOption => {
    const listens = podPorts.get(option.text);
    return listens === undefined || listens.length === 0 ? option : { ...option, ports: listens };
  });
  return [
    ...cluster.services.flatMap(serviceOptions),
    ...plain,
    ...nodePortOptions(cluster),
    ...hostPortOptions(cluster),
  ];
}

function serviceOptions(service: ClusterService): readonly EndOption[] {
  const ref = `${service.namespace}/${service.name}`;
  const name = `${service.name}.${service.namespace}`;
  const ports = servicePorts(service);
  const addresses = clusterIPsOf(service);
  const byName: EndOption = {
    text: name,
    detail: `${service.type}, by name`,
    group: 'Services',
    end: { kind: 'service', ref, via: 'name' },
    ports,
  };
  const by = (via: ServiceWay, ips: readonly string[], detail: string): readonly EndOption[] =>
    ips.length === 0
      ? []
      : [{ text: `${name} (${ips.join(', ')})`, detail, group: 'Services', end: { kind: 'service', ref, via }, ports }];
  return [
    byName,
    ...by('clusterIP', addresses, 'by ClusterIP'),
    ...by('loadBalancer', service.loadBalancerIPs.slice(0, 1), 'by its load balancer'),
    ...by('externalIP', service.externalIPs.slice(0, 1), 'by external IP'),
  ];
}

const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

function servicePorts(service: ClusterService): NonNullable<EndOption['ports']> {
  return service.ports.map(({ port, protocol }) => ({ port, proto: PROTOCOLS[protocol] }));
}

function nodePortOptions(cluster: Cluster): readonly EndOption[] {
  return cluster.services.flatMap((service) =>
    service.ports.flatMap(({ nodePort, protocol }) => {
      if (nodePort === undefined) return [];
      const proto = PROTOCOLS[protocol];
      return cluster.nodes.map((node): EndOption => {
        return {
          text: `${node.name}:${nodePort}`,
          detail: `node port of ${service.namespace}/${service.name}`,
          group: 'Node ports',
          end: { kind: 'node', ref: node.name },
          ports: [{ port: nodePort, proto }],
        };
      });
    }),
  );
}

/** On the pod's own node only, unlike a node port. */
function hostPortOptions({ pods }: Cluster): readonly EndOption[] {
  return pods.flatMap(({ hostPorts = [], node, namespace, name }) =>
    hostPorts.map(({ proto, hostPort, hostIP }): EndOption => {
      return {
        text: `${hostIP ?? node}:${hostPort}`,
        detail: `host port of ${namespace}/${name}`,
        group: 'Host ports',
        end: hostIP === undefined ? { kind: 'node', ref: node } : { kind: 'ip', ip: hostIP },
        ports: [{ port: hostPort, proto }],
      };
    }),
  );
}

/** Groups of ports of nodes. */
const isNodePort = ({ group }: EndOption): boolean => group === 'Node ports' || group === 'Host ports';

/** The option that stands for an end: the one with this port first, so that a node port reads as one. */
export function optionOf(options: readonly EndOption[], end: ProbeTo, port: number | undefined): EndOption | undefined {
  const same = options.filter((option) => sameEnd(option.end, end));
  return same.find((option) => isNodePort(option) && option.ports?.[0]?.port === port) ?? same[0];
}

export const textOf = (options: readonly EndOption[], end: ProbeTo, port: number | undefined): string =>
  optionOf(options, end, port)?.text ?? endText(end);

function endText(end: ProbeTo): string {
  if (end.kind === 'ip') return end.ip;
  return end.kind === 'name' ? end.name : end.ref;
}

function sameEnd(a: ProbeTo, b: ProbeTo): boolean {
  if (a.kind === 'ip' || b.kind === 'ip') return a.kind === 'ip' && b.kind === 'ip' && a.ip === b.ip;
  if (a.kind === 'name' || b.kind === 'name') return a.kind === 'name' && b.kind === 'name' && a.name === b.name;
  if (a.kind === 'service' && b.kind === 'service') return a.ref === b.ref && a.via === b.via;
  return a.kind === b.kind && a.ref === b.ref;
}

/**
 * What a typed text means: an option as shown, a name as a program would write it, or an address. `near` is the namespace of the pod that
 * sends; null on machines that are none, for which a Service's name is one like any other.
 */
export function resolveTo(
  options: readonly EndOption[],
  text: string,
  near: string | null = 'default',
): Result<EndOption, string> {
  const wanted = text.trim();
  const exact = options.find((option) => option.text === wanted);
  const isOnlyName = near === null && exact?.end.kind === 'service' && exact.end.via === 'name';
  if (exact !== undefined && !isOnlyName) return ok(exact);
  const typed = parseIp(isLocalhost(wanted) ? LOCALHOST : wanted);
  if (typed.ok) {
    return ok({ text: typed.value, detail: 'typed address', group: 'Outside', end: { kind: 'ip', ip: typed.value } });
  }
  if (wanted === '') return err('Say where to send it.');
  const inPod = near ?? 'default';
  const found = resolveService(options, wanted, inPod) === undefined && resolvePlain(options, wanted, inPod);
  return found ? ok(found) : nameOption(options, wanted, inPod);
}

export function resolveFrom(
  options: readonly EndOption<ProbeFrom>[],
  text: string,
): Result<EndOption<ProbeFrom>, string> {
  const wanted = text.trim();
  const found = options.find((option) => option.text === wanted || option.text.endsWith(`/${wanted}`));
  if (found !== undefined) return ok(found);
  return err(wanted === '' ? 'Say where it starts.' : `No pod, node or outside host is called "${wanted}".`);
}

/** Any other name is given to the program as it is, to be looked up. */
function nameOption(options: readonly EndOption[], name: string, near: string): Result<EndOption, string> {
  const problem = nameProblem(name);
  if (problem !== null) return err(`"${name}" is neither a name nor an address: ${problem}.`);
  const ports = resolveService(options, name, near)?.ports;
  return ok({
    text: name,
    detail: 'looked up by name',
    group: 'Names',
    end: { kind: 'name', name },
    ...(ports && { ports }),
  });
}

/** `api`, `api.shop`, `api.shop.svc`, `api.shop.svc.cluster.local`: the search path of a pod's resolver. */
function resolveService(options: readonly EndOption[], text: string, near: string): EndOption | undefined {
  const [name, namespace = near] = text
    .replace(/\.$/, '')
    .replace(/\.svc(\.cluster\.local)?$/, '')
    .split('.');
  return options.find(({ end }) => end.kind === 'service' && end.via === 'name' && end.ref === `${namespace}/${name}`);
}

function resolvePlain(options: readonly EndOption[], text: string, near: string): EndOption | undefined {
  const ends = options.filter((option) => option.group !== 'Services' && !isNodePort(option));
  return (
    ends.find(({ text: name }) => name === `${near}/${text}`) ??
    ends.find(({ text: name }) => name.endsWith(`/${text}`))
  );
}

/** Port and protocol for a newly chosen end: kept where they fit, else the first that the end offers. */
export function portFor(
  option: EndOption,
  port: number | undefined,
  proto: ProbeProto,
): { readonly port: number | undefined; readonly proto: ProbeProto } {
  const offered = option.ports ?? [];
  if (!hasPort(proto) || offered.length === 0) return { port, proto };
  if (offered.some((candidate) => candidate.port === port && candidate.proto === proto)) return { port, proto };
  const [first] = offered;
  return first === undefined ? { port, proto } : { port: first.port, proto: first.proto };
}
