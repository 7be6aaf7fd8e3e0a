/**
 * Policies as entries of the endpoints' policy maps: pkg/k8s/network_policy.go (`ParseNetworkPolicy`), pkg/policy (l4.go,
 * mapstate.go), 1.19: those of Kubernetes and Cilium's own.
 */
import type { Cluster, ClusterPod } from '../../../kube/cluster.ts';
import { podNs } from '../../../kube/cluster.ts';
import {
  type ClusterPolicy,
  type PolicyDirection,
  type PolicyL7,
  type PolicyRule,
  policiesOn as policiesOf,
  policyRef,
} from '../../../kube/cluster-policy.ts';
import type { BpfEntry } from '../../../linux/bpf/map.ts';
import type { Origin } from '../../../linux/origin.ts';
import type { PolicyEnforcement } from '../../contract.ts';
import { ruleWords } from '../../parts/policy-words.ts';
import { DNS_PROXY_PORT, HOST, HTTP_PROXY_PORT, UNKNOWN } from './facts.ts';
import { ANY_PORT, type PolicyKey, type PolicyValue } from './maps.ts';
import { canSee, identitiesFor } from './policy-identities.ts';
import { type PortKey, portKeys } from './policy-ports.ts';

/** ClusterNetworkPolicy came with 1.20, AdminNetworkPolicy never. */
export const CILIUM_ENFORCES: PolicyEnforcement = {
  by: 'cilium-agent',
  kinds: ['NetworkPolicy', 'CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'],
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
  return policiesOf(policies, podNs(pod)).flatMap((policy): Concerning[] => {
    const rules = policy[direction] ?? policy.idle?.[direction];
    const isMeant = CILIUM_ENFORCES.by !== null && CILIUM_ENFORCES.kinds.includes(policy.kind);
    return rules && isMeant && canSee(policy.subject) ? [{ policy, rules }] : [];
  });
}

/** Who is to blame when nothing is allowed; empty: no policy selects the pod for this direction. */
export const policiesOn = (cluster: Cluster, pod: ClusterPod, direction: PolicyDirection): string =>
  concerning(cluster, pod, direction)
    .map(({ policy }) => policyRef(policy))
    .join(' and ');

/** A rule for names of the world: it has no entry before the DNS proxy has seen an address. */
export interface NameRule {
  readonly names: readonly string[];
  readonly ports: readonly PortKey[];
  readonly value: PolicyValue;
  readonly origin: Origin;
}

export const nameRules = (cluster: Cluster, pod: ClusterPod): readonly NameRule[] =>
  concerning(cluster, pod, 'egress').flatMap(({ policy, rules }) =>
    rules.flatMap((rule, i): readonly NameRule[] => {
      const names = (rule.peers ?? []).flatMap((peer) => (peer.kind === 'domains' ? peer.names : []));
      if (names.length === 0 || rule.action !== undefined) return [];
      const origin = {
        by: AGENT,
        for: policyRef(policy),
        why: ruleWords(rule, i, 'egress'),
        decides: 'allows',
      } as const;
      const value = rule.l7 ? proxied(rule.l7) : ALLOWED;
      return [{ names, ports: portKeys(rule.ports, pod, 'egress'), value, origin }];
    }),
  );

/** Entries of one endpoint's map. Its node always reaches it (`allow-localhost`), unless a denial says otherwise. */
export function policyEntries(cluster: Cluster, pod: ClusterPod): BpfEntry[] {
  const entry = (direction: PolicyDirection, identity: number, why: string): PolicyEntry => ({
    key: keyOf(direction, identity, ANY_PORT),
    value: ALLOWED,
    origin: { by: AGENT, for: `Pod ${podNs(pod)}`, why },
  });
  const of = (direction: PolicyDirection): readonly PolicyEntry[] =>
    ruleEntries(cluster, pod, direction) ?? [entry(direction, UNKNOWN, `no policy selects this pod for ${direction}`)];
  const localhost = entry('ingress', HOST, 'the node may always reach its own pods');
  return withDenialsFirst([...of('ingress'), localhost, ...of('egress')]);
}

const keyOf = (direction: PolicyDirection, identity: number, { proto, port, bits }: PortKey): PolicyKey => ({
  direction: direction === 'ingress' ? 'Ingress' : 'Egress',
  identity,
  proto,
  port,
  bits,
});

function ruleEntries(cluster: Cluster, pod: ClusterPod, direction: PolicyDirection): readonly PolicyEntry[] | null {
  const policies = concerning(cluster, pod, direction);
  if (policies.length === 0) return null;
  const entries = policies.flatMap(({ policy, rules }) =>
    rules.flatMap((rule, i) => entriesOf(cluster, pod, direction, policy, rule, i)),
  );
  const closes = policies.some(({ policy }) => !policy.leavesOpen?.includes(direction));
  return closes ? entries : [...entries, leftOpen(pod, direction, policies)];
}

function entriesOf(
  cluster: Cluster,
  pod: ClusterPod,
  direction: PolicyDirection,
  policy: ClusterPolicy,
  rule: PolicyRule,
  index: number,
): readonly PolicyEntry[] {
  const deny = rule.action === 'Deny';
  const value = rule.l7 ? proxied(rule.l7) : { ...ALLOWED, deny };
  const why = ruleWords(rule, index, direction);
  const origin = { by: AGENT, for: policyRef(policy), why, decides: deny ? 'denies' : 'allows' } as const;
  const ports = portKeys(rule.ports, pod, direction);
  return identitiesFor(cluster, rule.peers, pod).flatMap((identity) =>
    ports.map((port) => ({ key: keyOf(direction, identity, port), value, origin })),
  );
}

/** `enableDefaultDeny: false` of all of them: an entry that lets everything pass (`AllowsWildcard`, pkg/policy/resolve.go). */
const leftOpen = (pod: ClusterPod, direction: PolicyDirection, policies: readonly Concerning[]): PolicyEntry => ({
  key: keyOf(direction, UNKNOWN, ANY_PORT),
  value: ALLOWED,
  origin: {
    by: AGENT,
    for: policies.map(({ policy }) => policyRef(policy)).join(' and '),
    why: `leaves ${direction} of Pod ${podNs(pod)} open (enableDefaultDeny: false)`,
    decides: 'allows',
  },
});

const ALLOWED: PolicyValue = { deny: false, proxyPort: 0, requests: '' };

const proxied = ({ kind, allows }: PolicyL7): PolicyValue => ({
  deny: false,
  proxyPort: kind === 'http' ? HTTP_PROXY_PORT : DNS_PROXY_PORT,
  requests: JSON.stringify(allows),
});

/**
 * The proxy is told all requests that any entry for the same packets allows; one that says nothing of requests allows them all
 * (`wildcardL3L4Rules`, pkg/policy/l4.go).
 */
function withEveryRequest(entry: PolicyEntry, entries: readonly PolicyEntry[]): PolicyEntry {
  if (entry.value.proxyPort === 0) return entry;
  const covering = entries.filter(({ key, value }) => !value.deny && covers(key, entry.key));
  const isOpen = covering.some(({ value }) => value.requests === '');
  const allows = covering.flatMap(({ value }) => (isOpen ? [] : (JSON.parse(value.requests) as unknown[])));
  return { ...entry, value: { ...entry.value, requests: isOpen ? '' : JSON.stringify(allows) } };
}

interface PolicyEntry {
  readonly key: PolicyKey;
  readonly value: PolicyValue;
  readonly origin: Origin;
}

/** One entry for a key; a denial takes the place of what it covers (`insertDenyPreferred`, pkg/policy/mapstate.go). */
function withDenialsFirst(entries: readonly PolicyEntry[]): BpfEntry[] {
  const denials = entries.filter(({ value }) => value.deny);
  const kept = new Map<string, PolicyEntry>();
  for (const entry of entries.map((one) => withEveryRequest(one, entries))) {
    const text = `${entry.value.deny} ${Object.values(entry.key).join(' ')}`;
    const isCovered = !entry.value.deny && denials.some(({ key }) => covers(key, entry.key));
    if (!isCovered && !kept.has(text)) kept.set(text, entry);
  }
  return [...kept.values()];
}

/** The wider key names everybody or the same one, and every port of the narrower. */
function covers(wide: PolicyKey, narrow: PolicyKey): boolean {
  if (wide.direction !== narrow.direction) return false;
  if (wide.identity !== UNKNOWN && wide.identity !== narrow.identity) return false;
  if (wide.proto === 'ANY') return true;
  return (
    wide.proto === narrow.proto &&
    wide.bits <= narrow.bits &&
    wide.port >> (16 - wide.bits) === narrow.port >> (16 - wide.bits)
  );
}
