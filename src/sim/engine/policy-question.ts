/**
 * What policies are asked about a trace: its two ends as they see them. Services are translated before any policy is asked, so the
 * destination is the endpoint that was chosen, and its own port.
 */
import { indexOf } from '../kube/cluster-index.ts';
import { ipsOf } from '../kube/families.ts';
import type { EndRef } from '../kube/policy/model.ts';
import type { PolicyProtocol } from '../kube/policy/port-sets.ts';
import type { PolicyProbe } from '../kube/policy/verdict.ts';
import type { Probe } from '../scenario/probe.ts';
import { type Ip, parseIp } from '../wire/ip.ts';
import { chosenBy, isChoice } from './chosen-endpoint.ts';
import { namesOf } from './explain/names.ts';
import { innerPacket } from './explain/packet-words.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

export interface PolicyQuestion {
  readonly probe: PolicyProbe;
  /** As people call the ends: `default/toolbox`, `client`, `10.0.0.9`. */
  readonly from: string;
  readonly to: string;
  /** What of it is not as it was asked: the endpoint that a Service chose, an address that was translated. */
  readonly note: string | null;
}

const DNS_PORT = 53;

/** The first port that traceroute sends to (traceroute(8), the default method). */
const TRACEROUTE_PORT = 33_434;

const PROTOCOLS: Readonly<Record<Probe['proto'], PolicyProtocol>> = {
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  ping: 'OTHER',
  traceroute: 'UDP',
  nslookup: 'UDP',
  dig: 'UDP',
};

/** Null where one of the ends is not there, or a Service has nobody behind it: no policy is asked then. */
export function policyQuestion(trace: Trace, world: World): PolicyQuestion | null {
  const { probe } = trace;
  const source = sourceOf(trace, world);
  const asked = source && trace.verdict.outcome === 'unresolved' ? nameServer(trace, world) : null;
  if (source && asked) {
    const dns = { from: source.end, to: asked.end, protocol: 'UDP', port: DNS_PORT } as const;
    return {
      probe: dns,
      from: source.label,
      to: asked.label,
      note: 'The name is looked up first, and gets no answer.',
    };
  }
  const target = targetOf(trace, world);
  if (target === null || source === null) return null;
  const protocol = PROTOCOLS[probe.proto];
  const port = target.port ?? (probe.proto === 'traceroute' ? TRACEROUTE_PORT : (probe.port ?? 0));
  return {
    probe: { from: source.end, to: target.end, protocol, port },
    from: source.label,
    to: target.label,
    note: [target.note, source.note].filter((one) => one !== null).join(' ') || null,
  };
}

interface Asked {
  readonly end: EndRef;
  readonly label: string;
  readonly port?: number;
  readonly note: string | null;
}

const plain = (end: EndRef, label: string): Asked => ({ end, label, note: null });

function sourceOf(trace: Trace, world: World): Asked | null {
  const { from } = trace.probe;
  if (from.kind === 'pod') {
    return indexOf(world.cluster).pod(from.ref) ? plain({ kind: 'pod', ref: from.ref }, from.ref) : null;
  }
  const own = trace.from.ip;
  if (own === null) return null;
  // Somebody outside may be masqueraded on the way: the pod's policies see the node then.
  const seen = lastRequest(trace)?.src ?? own;
  if (from.kind === 'node') return plain({ kind: 'node', name: from.ref }, from.ref);
  if (seen === own) return plain({ kind: 'ip', ip: own }, `${from.ref} (${own})`);
  const label = namesOf(world).ipLong(seen);
  return { end: { kind: 'ip', ip: seen }, label, note: `${from.ref} is masqueraded: the pod sees ${label}.` };
}

function targetOf(trace: Trace, world: World): Asked | null {
  const { to } = trace.probe;
  const index = indexOf(world.cluster);
  if (to.kind === 'pod') return podEnd(trace, world, to.ref);
  const chosen = chosenEnd(trace, world);
  if (chosen) return chosen;
  if (to.kind === 'service') {
    const [first] = (index.service(to.ref)?.ports ?? [])
      .filter(({ port }) => port === trace.probe.port)
      .flatMap(({ endpoints }) => endpoints.filter(({ ready }) => ready));
    return first ? { ...endAt(first.ip, world), port: first.port, note: `${to.ref} was not translated yet.` } : null;
  }
  if (to.kind === 'node') return index.node(to.ref) ? plain({ kind: 'node', name: to.ref }, to.ref) : null;
  return trace.to.ip === null ? null : endAt(trace.to.ip, world);
}

/** By the address of the packet's family, where that is not the pod's first one. */
function podEnd({ to: { ip } }: Trace, { cluster }: World, ref: string): Asked | null {
  const pod = indexOf(cluster).pod(ref);
  if (!pod) return null;
  return plain(ip === null || ip === pod.ip ? { kind: 'pod', ref } : { kind: 'ip', ip }, ref);
}

/** Whom the lookup asked that led nowhere: the pod behind the cluster's DNS. */
function nameServer({ steps }: Trace, world: World): Asked | null {
  for (const step of steps) {
    const text = isChoice(step) ? chosenBy(step) : null;
    const pod = text && world.cluster.pods.find((one) => ipsOf(one).some((ip) => text === portText(ip, DNS_PORT)));
    if (pod) return endAt(pod.ip, world);
  }
  return null;
}

const portText = (ip: Ip, port: number): string => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;

/** Where the request was translated to; a question to the cluster's DNS before it is translated too, and is not meant. */
function chosenEnd({ probe, steps, to }: Trace, world: World): Asked | null {
  const index = indexOf(world.cluster);
  const services = probe.to.kind === 'service' ? [index.service(probe.to.ref)] : to.ip ? index.servicesAt(to.ip) : [];
  const behind = [...services, ...index.servicesAtNodePort(probe.port ?? 0)].flatMap(
    (service) => service?.ports.flatMap(({ endpoints }) => endpoints) ?? [],
  );
  for (const step of steps) {
    const text = isChoice(step) ? chosenBy(step) : null;
    const endpoint = text && behind.find(({ ip, port }) => text === portText(ip, port));
    if (endpoint) {
      const asked = endAt(endpoint.ip, world);
      return { ...asked, port: endpoint.port, note: `${to.label} chose ${asked.label}, port ${endpoint.port}.` };
    }
  }
  return null;
}

function endAt(ip: Ip, { cluster }: World): Asked {
  const index = indexOf(cluster);
  const pod = index.podAt(ip);
  if (pod) return plain({ kind: 'pod', ref: `${pod.namespace}/${pod.name}` }, `${pod.namespace}/${pod.name}`);
  const node = index.nodeAt(ip);
  if (node) return plain({ kind: 'node', name: node.name }, node.name);
  const host = cluster.externals.find((one) => one.ip === ip || one.lo.includes(ip));
  const known = parseIp(ip);
  return plain({ kind: 'ip', ip: known.ok ? known.value : ip }, host ? `${host.name} (${ip})` : ip);
}

/** The request as it was last seen. */
function lastRequest({ packets, steps }: Trace) {
  const request = packets.find(({ lane, title }) => lane === 'request' && !title.includes('ARP'));
  const last = steps.findLast(({ packet }) => packet === request?.id);
  return last && innerPacket(last.frame);
}
