/**
 * NetworkPolicies as entries of the endpoints' policy maps: pkg/k8s/network_policy.go (`ParseNetworkPolicy`), pkg/policy (l4.go,
 * mapstate.go) and pkg/types/portmap.go, 1.19. Whom a rule means is a list of identities; what has none of its own is known by the networks
 * that policies name.
 */
import type { Cluster, ClusterPod } from '../../../kube/cluster.ts';
import { podNs } from '../../../kube/cluster.ts';
import { indexOf } from '../../../kube/cluster-index.ts';
import {
  type ClusterPolicy,
  isNamedPort,
  type NamedPolicyPort,
  type PodSelection,
  type PolicyDirection,
  type PolicyPeer,
  type PolicyPort,
  type PolicyRule,
  policyRef,
} from '../../../kube/cluster-policy.ts';
import type { BpfEntry } from '../../../linux/bpf/map.ts';
import { type Cidr, cidrHas } from '../../../wire/ip.ts';
import type { PolicyEnforcement } from '../../contract.ts';
import { ruleWords } from '../../parts/policy-words.ts';
import { CIDR_IDENTITY_MIN, HOST, UNKNOWN, WORLD } from './facts.ts';
import { identityOf, isSecurityLabel } from './identities.ts';
import { ANY_PORT, type PolicyKey } from './maps.ts';

/** ClusterNetworkPolicy came with 1.20, AdminNetworkPolicy never. */
export const CILIUM_ENFORCES: PolicyEnforcement = {
  by: 'cilium-agent',
  kinds: ['NetworkPolicy'],
  how: "in the eBPF programs: cil_from_container on the sender's node, cil_lxc_policy or cil_to_container on the receiver's",
};

const AGENT = 'cilium-agent';

interface Concerning {
  readonly policy: ClusterPolicy;
  readonly rules: readonly PolicyRule[];
}

/**
 * The policies that select a pod for a direction. Whatever `policyTypes` says, a policy with rules for a direction closes it
 * (`ParseNetworkPolicy` looks at the types only where there are none).
 */
function concerning({ policies = [] }: Cluster, pod: ClusterPod, direction: PolicyDirection): readonly Concerning[] {
  const id = podNs(pod);
  return policies.flatMap((policy): Concerning[] => {
    const rules = policy[direction] ?? policy.idle?.[direction];
    const isMeant = CILIUM_ENFORCES.by !== null && CILIUM_ENFORCES.kinds.includes(policy.kind);
    return rules && isMeant && policy.pods.includes(id) && canSee(policy.subject) ? [{ policy, rules }] : [];
  });
}

/** Who is to blame when nothing is allowed; empty: no policy selects the pod for this direction. */
export const policiesOn = (cluster: Cluster, pod: ClusterPod, direction: PolicyDirection): string =>
  concerning(cluster, pod, direction)
    .map(({ policy }) => policyRef(policy))
    .join(' and ');

/** A label that is no part of an identity is as good as missing. */
function canSee({ pods = {} }: PodSelection = {}): boolean {
  const { matchLabels = {}, matchExpressions = [] } = pods;
  const wanted = matchExpressions.filter(({ operator }) => operator === 'In' || operator === 'Exists');
  return [...Object.keys(matchLabels), ...wanted.map(({ key }) => key)].every(isSecurityLabel);
}

/** Entries of one endpoint's map. */
export function policyEntries(cluster: Cluster, pod: ClusterPod): BpfEntry[] {
  const entry = (key: PolicyKey, why: string): BpfEntry => ({
    key,
    value: { deny: false },
    origin: { by: AGENT, for: `Pod ${podNs(pod)}`, why },
  });
  const open = (direction: PolicyDirection): BpfEntry[] => [
    entry(keyOf(direction, UNKNOWN, ANY_PORT), `no policy selects this pod for ${direction}`),
  ];
  return [
    ...(ruleEntries(cluster, pod, 'ingress') ?? open('ingress')),
    entry(keyOf('ingress', HOST, ANY_PORT), 'the node may always reach its own pods'),
    ...(ruleEntries(cluster, pod, 'egress') ?? open('egress')),
  ];
}

type PortKey = Pick<PolicyKey, 'proto' | 'port' | 'bits'>;

const keyOf = (direction: PolicyDirection, identity: number, { proto, port, bits }: PortKey): PolicyKey => ({
  direction: direction === 'ingress' ? 'Ingress' : 'Egress',
  identity,
  proto,
  port,
  bits,
});

function ruleEntries(cluster: Cluster, pod: ClusterPod, direction: PolicyDirection): BpfEntry[] | null {
  const policies = concerning(cluster, pod, direction);
  if (policies.length === 0) return null;
  const entries = new Map<string, BpfEntry>();
  for (const { policy, rules } of policies)
    for (const [i, rule] of rules.entries())
      for (const identity of identitiesFor(cluster, rule.peers))
        for (const port of portKeys(rule.ports, pod, direction)) {
          const key = keyOf(direction, identity, port);
          const text = Object.values(key).join(' ');
          const why = ruleWords(rule, i, direction);
          const origin = { by: AGENT, for: policyRef(policy), why, decides: 'allows' } as const;
          if (!entries.has(text)) entries.set(text, { key, value: { deny: false }, origin });
        }
  return [...entries.values()];
}

/** 0 means everybody: pods, nodes, the world. */
function identitiesFor(cluster: Cluster, peers: readonly PolicyPeer[] = []): readonly number[] {
  if (peers.length === 0) return [UNKNOWN];
  return [...new Set(peers.flatMap((peer) => identitiesOfPeer(cluster, peer)))];
}

function identitiesOfPeer(cluster: Cluster, peer: PolicyPeer): readonly number[] {
  if (peer.kind === 'pods') {
    if (!canSee(peer.selection)) return [];
    const pods = peer.ips.flatMap((ip) => indexOf(cluster).podAt(ip) ?? []);
    return pods.map((pod) => identityOf(cluster, pod));
  }
  if (peer.kind !== 'net') return [];
  const { cidr, except } = peer;
  const isMeant = (net: Cidr): boolean => holds(cidr, net) && !except.some((hole) => holds(hole, net));
  const known = [...cidrIdentities(cluster)].filter(([, { net }]) => isMeant(net));
  return [...known.map(([, { identity }]) => identity), ...(cidr.prefix === 0 && cidr.family === 4 ? [WORLD] : [])];
}

const holds = (outer: Cidr, inner: Cidr): boolean =>
  outer.family === inner.family && outer.prefix <= inner.prefix && cidrHas(outer, inner.base);

interface CidrIdentity {
  readonly net: Cidr;
  readonly identity: number;
}

const kept = new WeakMap<Cluster, ReadonlyMap<string, CidrIdentity>>();

/**
 * Every network that a policy names is somebody: an identity that counts on one node only, given in the order of need. All of the world is
 * `reserved:world`. Pods and nodes are never found by them, because they have identities of their own (cilium issue 9209).
 */
export function cidrIdentities(cluster: Cluster): ReadonlyMap<string, CidrIdentity> {
  const known = kept.get(cluster);
  if (known) return known;
  const found = new Map<string, CidrIdentity>();
  for (const { ingress = [], egress = [] } of cluster.policies ?? [])
    for (const { peers = [] } of [...ingress, ...egress])
      for (const peer of peers)
        for (const net of peer.kind === 'net' ? [peer.cidr, ...peer.except] : [])
          if (net.prefix > 0 && net.family === 4 && !found.has(net.text))
            found.set(net.text, { net, identity: CIDR_IDENTITY_MIN + found.size });
  kept.set(cluster, found);
  return found;
}

const PROTOCOLS = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' } as const;
const PORT_BITS = 16;

function portKeys(ports: readonly PolicyPort[] = [], pod: ClusterPod, direction: PolicyDirection): readonly PortKey[] {
  if (ports.length === 0) return [ANY_PORT];
  return ports.flatMap((port): readonly PortKey[] => {
    const proto = PROTOCOLS[port.protocol ?? 'tcp'];
    if (isNamedPort(port))
      return numbersOf(port, pod, direction).map((number) => ({ proto, port: number, bits: PORT_BITS }));
    const { from, to = from } = port;
    if (from === undefined || to === undefined) return [{ proto, port: 0, bits: 0 }];
    return prefixesOf(from, to).map((prefix) => ({ proto, ...prefix }));
  });
}

/** The agent knows its own endpoint's names. Of the others' it takes a number only where all who use the name agree. */
function numbersOf({ ports }: NamedPolicyPort, pod: ClusterPod, direction: PolicyDirection): readonly number[] {
  const meant = direction === 'ingress' ? ports.filter(({ ip }) => ip === pod.ip) : ports;
  const numbers = [...new Set(meant.map(({ port }) => port))];
  return direction === 'egress' && numbers.length > 1 ? [] : numbers;
}

/** A range as the prefixes of a trie: 80-87 is one of 13 bits. */
export function prefixesOf(from: number, to: number): readonly Pick<PolicyKey, 'port' | 'bits'>[] {
  const found: Pick<PolicyKey, 'port' | 'bits'>[] = [];
  let at = from;
  while (at <= to) {
    let size = 1;
    while (at % (size * 2) === 0 && at + size * 2 - 1 <= to) size *= 2;
    found.push({ port: at, bits: PORT_BITS - Math.log2(size) });
    at += size;
  }
  return found;
}
