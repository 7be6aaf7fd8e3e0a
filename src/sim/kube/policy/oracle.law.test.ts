/** The oracle against a second reading of the specification, which looks at one packet at a time and knows no classes, bits or groups. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidrHas, familyOf, type Ip, ip, parseCidr } from '../../wire/ip.ts';
import { selectorHolds } from '../label-selector.ts';
import {
  type AdminPeer,
  type AdminPort,
  type AdminSubject,
  type ClusterProtocol,
  isCiliumPolicy,
  type KubernetesPolicyObject,
  type NetworkPolicyObject,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  type PolicyObject,
  policyTypesOf,
} from '../policy-objects.ts';
import type { PolicyInput, PolicyPod } from './input.ts';
import { type EndRef, policyModel, switchedPolicy } from './model.ts';
import type { PolicyProtocol } from './port-sets.ts';
import { randomCluster } from './random-cluster.ts';
import { refOf } from './uniform.ts';
import { verdictOf } from './verdict.ts';

interface Packet {
  readonly protocol: PolicyProtocol;
  readonly port: number;
}

/** An end as a packet shows it. */
interface Seen {
  readonly pod?: PolicyPod;
  readonly node?: string;
  readonly ip: Ip;
}

const inNet = (text: string, address: Ip): boolean => {
  const net = parseCidr(text);
  return net.ok && cidrHas(net.value, address);
};

const labelsOfNamespace = (input: PolicyInput, name: string) => ({
  ...input.namespaces.find((one) => one.name === name)?.labels,
  'kubernetes.io/metadata.name': name,
});

function isPeer(input: PolicyInput, peer: NetworkPolicyPeer, namespace: string, other: Seen): boolean {
  const { ipBlock, namespaceSelector, podSelector = {} } = peer;
  if (ipBlock) return inNet(ipBlock.cidr, other.ip) && !(ipBlock.except ?? []).some((text) => inNet(text, other.ip));
  if (other.pod === undefined) return false;
  const isInNamespace = namespaceSelector
    ? selectorHolds(namespaceSelector, labelsOfNamespace(input, other.pod.namespace))
    : other.pod.namespace === namespace;
  return isInNamespace && selectorHolds(podSelector, other.pod.labels);
}

function isPort({ protocol = 'TCP', port, endPort }: NetworkPolicyPort, packet: Packet, destination: Seen): boolean {
  if (protocol !== packet.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'number') return port <= packet.port && packet.port <= (endPort ?? port);
  return (destination.pod?.ports ?? []).some(
    (one) => one.name === port && one.protocol === protocol && one.port === packet.port,
  );
}

function isSubject(input: PolicyInput, { namespaces, pods }: AdminSubject, { pod }: Seen): boolean {
  if (pod === undefined) return false;
  const labels = labelsOfNamespace(input, pod.namespace);
  if (namespaces) return selectorHolds(namespaces, labels);
  return (
    pods !== undefined && selectorHolds(pods.namespaceSelector, labels) && selectorHolds(pods.podSelector, pod.labels)
  );
}

function isAdminPeer(input: PolicyInput, peer: AdminPeer, other: Seen): boolean {
  if (peer.networks) return peer.networks.some((text) => inNet(text, other.ip));
  if (peer.nodes) {
    const node = input.nodes.find(({ name }) => name === other.node);
    return node !== undefined && selectorHolds(peer.nodes, node.labels);
  }
  return isSubject(input, peer, other);
}

function isAdminPort(port: AdminPort, packet: Packet, destination: Seen): boolean {
  const { portNumber, portRange, namedPort } = port;
  if (portNumber) return (portNumber.protocol ?? 'TCP') === packet.protocol && portNumber.port === packet.port;
  if (portRange)
    return (
      (portRange.protocol ?? 'TCP') === packet.protocol &&
      portRange.start <= packet.port &&
      packet.port <= portRange.end
    );
  return (destination.pod?.ports ?? []).some(
    (one) => one.name === namedPort && one.protocol === packet.protocol && one.port === packet.port,
  );
}

function isProtocol({ tcp, udp, sctp }: ClusterProtocol, packet: Packet): boolean {
  const of = { TCP: tcp, UDP: udp, SCTP: sctp, OTHER: undefined }[packet.protocol];
  if (of === undefined) return false;
  const { number, range } = of.destinationPort ?? {};
  return number === packet.port || (range !== undefined && range.start <= packet.port && packet.port <= range.end);
}

function sideAllows(
  input: PolicyInput,
  direction: 'ingress' | 'egress',
  subject: Seen,
  other: Seen,
  packet: Packet,
): boolean {
  const { pod } = subject;
  if (pod === undefined || pod === other.pod || (other.node !== undefined && other.node === pod.node)) return true;
  const destination = direction === 'ingress' ? subject : other;
  const on = input.policies.filter(isUpstream).filter((policy) => !input.off?.has(refOf(policy)));
  const admin = tierSays(
    input,
    on.filter(isAdminTier).sort(byPriority),
    direction,
    subject,
    other,
    packet,
    destination,
  );
  if (admin === 'Allow' || admin === 'Deny') return admin === 'Allow';
  const type = direction === 'ingress' ? 'Ingress' : 'Egress';
  const selecting = on.filter(
    (policy): policy is NetworkPolicyObject =>
      policy.kind === 'NetworkPolicy' &&
      policy.namespace === pod.namespace &&
      selectorHolds(policy.spec.podSelector ?? {}, pod.labels) &&
      policyTypesOf(policy.spec).includes(type),
  );
  if (selecting.length > 0)
    return selecting.some(({ namespace, spec }) =>
      (direction === 'ingress'
        ? (spec.ingress ?? []).map(({ from = [], ports = [] }) => ({ peers: from, ports }))
        : (spec.egress ?? []).map(({ to = [], ports = [] }) => ({ peers: to, ports }))
      ).some(
        ({ peers, ports }) =>
          (peers.length === 0 || peers.some((peer) => isPeer(input, peer, namespace, other))) &&
          (ports.length === 0 || ports.some((port) => isPort(port, packet, destination))),
      ),
    );
  const isBaseline = (policy: PolicyObject): boolean => policy.kind !== 'NetworkPolicy' && !isAdminTier(policy);
  return (
    tierSays(input, on.filter(isBaseline).sort(byPriority), direction, subject, other, packet, destination) !== 'Deny'
  );
}

const isUpstream = (policy: PolicyObject): policy is KubernetesPolicyObject => !isCiliumPolicy(policy);
const isAdminTier = (policy: PolicyObject): boolean =>
  policy.kind === 'AdminNetworkPolicy' || (policy.kind === 'ClusterNetworkPolicy' && policy.spec.tier === 'Admin');

const priorityOf = (policy: KubernetesPolicyObject): number => ('priority' in policy.spec ? policy.spec.priority : 0);
const byPriority = (a: KubernetesPolicyObject, b: KubernetesPolicyObject): number => priorityOf(a) - priorityOf(b);

function tierSays(
  input: PolicyInput,
  policies: readonly KubernetesPolicyObject[],
  direction: 'ingress' | 'egress',
  subject: Seen,
  other: Seen,
  packet: Packet,
  destination: Seen,
): 'Allow' | 'Deny' | 'Pass' | null {
  for (const policy of policies) {
    if (policy.kind === 'NetworkPolicy' || !isSubject(input, policy.spec.subject, subject)) continue;
    for (const rule of policy.spec[direction] ?? []) {
      const peers = 'from' in rule ? rule.from : rule.to;
      if (!peers.some((peer) => isAdminPeer(input, peer, other))) continue;
      if ('protocols' in rule && rule.protocols && !rule.protocols.some((one) => isProtocol(one, packet))) continue;
      if ('ports' in rule && rule.ports && !rule.ports.some((one) => isAdminPort(one, packet, destination))) continue;
      return rule.action === 'Accept' ? 'Allow' : rule.action;
    }
  }
  return null;
}

function seen(input: PolicyInput, end: EndRef, family: 4 | 6): Seen {
  const ofFamily = (ips: readonly Ip[] = []): Ip => ips.find((one) => familyOf(one) === family) ?? ip('0.0.0.0');
  if (end.kind === 'ip') return { ip: end.ip };
  if (end.kind === 'node')
    return { node: end.name, ip: ofFamily(input.nodes.find(({ name }) => name === end.name)?.ips) };
  const pod = input.pods.find(({ namespace, name }) => `${namespace}/${name}` === end.ref);
  if (pod === undefined) throw new Error(`no pod ${end.ref}`);
  return pod.hostNetwork ? { node: pod.node ?? '', ip: ofFamily(pod.ips) } : { pod, ip: ofFamily(pod.ips) };
}

const packets: readonly Packet[] = [
  ...[52, 53, 80, 81, 8080, 9000, 9001, 65_535].flatMap((port) =>
    (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ protocol, port })),
  ),
  { protocol: 'OTHER', port: 0 },
];

const endsOf = (input: PolicyInput): readonly EndRef[] => [
  ...input.pods.map(({ namespace, name }) => ({ kind: 'pod' as const, ref: `${namespace}/${name}` })),
  { kind: 'node', name: 'node-1' },
  ...['203.0.113.9', '8.8.8.8', '10.244.0.200', 'fd00::99', '2001:db8::1'].map((text) => ({
    kind: 'ip' as const,
    ip: ip(text),
  })),
];

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

function table(input: PolicyInput, model = policyModel(input)): readonly string[] {
  return endsOf(input).flatMap((from) =>
    endsOf(input).map((to) =>
      packets.map((packet) => (verdictOf(model, { from, to, ...packet }).isAllowed ? '+' : '-')).join(''),
    ),
  );
}

describe('the oracle', () => {
  it('says what the specification says of every packet', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const input = randomCluster(seed);
        const model = policyModel(input);
        const wrong: string[] = [];
        for (const from of endsOf(input)) {
          for (const to of endsOf(input)) {
            const family = from.kind === 'ip' ? familyOf(from.ip) : to.kind === 'ip' ? familyOf(to.ip) : 4;
            const [source, target] = [seen(input, from, family), seen(input, to, family)];
            for (const packet of packets) {
              const ours = verdictOf(model, { from, to, ...packet });
              const egress = sideAllows(input, 'egress', source, target, packet);
              const ingress = sideAllows(input, 'ingress', target, source, packet);
              if (ours.egress.isAllowed !== egress || ours.ingress.isAllowed !== ingress)
                wrong.push(JSON.stringify({ from, to, packet, egress, ingress }));
            }
          }
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('does not mind the order of objects', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const input = randomCluster(seed);
        expect(table({ ...input, policies: input.policies.toReversed() })).toEqual(table(input));
      }),
      { numRuns: 30 },
    );
  });

  it('lets one more NetworkPolicy open, not close, what is isolated already', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { policies, ...rest } = randomCluster(seed);
        const spec = { policyTypes: ['Ingress', 'Egress'] as const };
        const denyAll = ['a', 'b', 'n2'].map(
          (namespace): PolicyObject => ({ kind: 'NetworkPolicy', namespace, name: 'deny', spec }),
        );
        const network = policies.filter(({ kind }) => kind === 'NetworkPolicy');
        const closed = table({ ...rest, policies: [...denyAll, ...network.slice(1)] });
        const open = table({ ...rest, policies: [...denyAll, ...network] });
        for (const [at, row] of closed.entries())
          for (const [i, mark] of [...row].entries()) if (mark === '+') expect(open[at]?.[i]).toBe('+');
      }),
      { numRuns: 30 },
    );
  });

  it('turned by a switch says what it would say without the policy', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const input = randomCluster(seed);
        const [first] = input.policies;
        if (first === undefined) return;
        const model = policyModel(input);
        const all = table(input, model);
        const off = switchedPolicy(model, refOf(first), false);
        expect(table(input, off)).toEqual(table({ ...input, policies: input.policies.slice(1) }));
        expect(table(input, switchedPolicy(off, refOf(first), true))).toEqual(all);
      }),
      { numRuns: 20 },
    );
  });
});
