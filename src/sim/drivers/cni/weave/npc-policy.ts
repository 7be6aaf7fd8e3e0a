/** A NetworkPolicy as weave-npc reads it: rules for iptables and the sets that they ask (npc/analyser.go, rule.go, 2.8.1). */
import type { Cluster, ClusterPod } from '../../../kube/cluster.ts';
import { indexOf } from '../../../kube/cluster-index.ts';
import {
  type ClusterPolicy,
  isNamedPort,
  type PolicyDirection,
  type PolicyPeer,
  type PolicyPort,
  policyRef,
} from '../../../kube/cluster-policy.ts';
import type { IpSet, IpSetType } from '../../../linux/config.ts';
import type { Match, Rule } from '../../../linux/netfilter/iptables/rule.ts';
import { familyOf, type Ip } from '../../../wire/ip.ts';
import type { PolicyEnforcement } from '../../contract.ts';
import { ruleWords } from '../../parts/policy-words.ts';
import { comment } from '../../parts/rules.ts';
import { npcSet, selectorKey } from './npc-names.ts';

export const NPC = 'weave-npc';

export const NPC_ENFORCES: PolicyEnforcement = {
  by: NPC,
  kinds: ['NetworkPolicy'],
  how: "in filter FORWARD: WEAVE-NPC-EGRESS on the sender's node, WEAVE-NPC on the receiver's",
  rejects,
};

/** One rule of its chains without a target. */
export interface NpcRule {
  readonly direction: PolicyDirection;
  readonly rule: Omit<Rule, 'target'>;
}

const DIRECTIONS: readonly PolicyDirection[] = ['ingress', 'egress'];

/** Rules of a direction count whatever `policyTypes` says: it looks there only for who is isolated. */
const rulesOf = (policy: ClusterPolicy, direction: PolicyDirection) =>
  policy[direction] ?? policy.idle?.[direction] ?? [];

function rejects(policy: ClusterPolicy): string | null {
  const ports = DIRECTIONS.flatMap((direction) => rulesOf(policy, direction)).flatMap((rule) => rule.ports ?? []);
  const named = ports.find(isNamedPort);
  return named
    ? `named ports in network policies is not supported yet. Rejecting network policy: ${policy.name} from further processing. named port ${named.name} in network policy`
    : null;
}

/** Those that it takes. */
export const npcPolicies = ({ policies = [] }: Cluster): readonly ClusterPolicy[] =>
  policies.filter((policy) => policy.kind === 'NetworkPolicy' && rejects(policy) === null);

/** Sets by name, as they are needed. */
export type Sets = Map<string, IpSet>;

export function npcRules(cluster: Cluster, sets: Sets): readonly NpcRule[] {
  const written = new Set<string>();
  return npcPolicies(cluster).flatMap((policy) =>
    DIRECTIONS.flatMap((direction) =>
      rulesOf(policy, direction).flatMap((rule, i) => {
        const peers = rule.peers && rule.peers.length > 0 ? rule.peers : [null];
        const ports = rule.ports && rule.ports.length > 0 ? rule.ports : [null];
        const origin = {
          by: NPC,
          for: policyRef(policy),
          why: ruleWords(rule, i, direction),
          decides: 'allows',
        } as const;
        return peers.flatMap((peer) =>
          ports.flatMap((port): NpcRule[] => {
            const made = compile(cluster, policy, direction, peer, port, sets);
            // Equal rules of one namespace are written once.
            const key = `${policy.namespace} ${JSON.stringify(made)}`;
            if (written.has(key)) return [];
            written.add(key);
            return [{ direction, rule: { ...made, origin } }];
          }),
        );
      }),
    ),
  );
}

function compile(
  cluster: Cluster,
  policy: ClusterPolicy,
  direction: PolicyDirection,
  peer: PolicyPeer | null,
  port: PolicyPort | null,
  sets: Sets,
): Omit<Rule, 'target'> {
  const target = targetHost(cluster, policy, sets);
  const other = peer ? peerHost(cluster, policy, peer, sets) : ANYWHERE;
  const [src, dst] = direction === 'ingress' ? [other, target] : [target, other];
  const range = port === null || isNamedPort(port) ? null : port;
  return {
    ...(src.net ? { src: { value: src.net } } : {}),
    ...(dst.net ? { dst: { value: dst.net } } : {}),
    ...(range ? { proto: { value: range.protocol } } : {}),
    matches: [
      ...asks(src, 'src'),
      ...asks(dst, 'dst'),
      ...(range ? [portMatch(range)] : []),
      comment(`${src.says} -> ${dst.says} (${direction})`),
    ],
  };
}

/** It does not know `endPort`. */
function portMatch({ protocol, from }: Extract<PolicyPort, { protocol: string; from?: number }>): Match {
  return { kind: protocol, ...(from === undefined ? {} : { dport: { value: { from, to: from } } }) } as Match;
}

/** One side of a rule (`ruleHost`). */
interface Host {
  readonly net?: NonNullable<Rule['src']>['value'];
  readonly set?: { readonly name: string; readonly invert?: true };
  readonly says: string;
}

const ANYWHERE: Host = { says: 'anywhere' };

const asks = ({ set }: Host, dir: 'src' | 'dst'): Match[] =>
  set ? [{ kind: 'set', name: set.name, dirs: [dir], ...(set.invert ? { invert: true } : {}) }] : [];

/** The pods that a policy selects, as a set of their addresses. */
function targetHost(cluster: Cluster, policy: ClusterPolicy, sets: Sets): Host {
  const pods = policy.pods.flatMap((ref) => indexOf(cluster).pod(ref) ?? []);
  const key = policy.subject ? selectorKey(policy.subject.pods ?? {}) : policy.pods.join(',');
  return podsHost(policy.namespace, key, addresses(pods), sets);
}

function podsHost(namespace: string, key: string, ips: readonly Ip[], sets: Sets): Host {
  const name = npcSet(`${namespace}:${key}`);
  addSet(
    sets,
    name,
    'hash:ip',
    ips,
    `the pods${namespace === '' ? '' : ` of ${namespace}`} that ${key || 'any selector'} finds`,
  );
  return { set: { name }, says: namespace === '' ? `namespaces: selector: ${key}` : inNamespace(namespace, key) };
}

const inNamespace = (namespace: string, key: string): string => `pods: namespace: ${namespace}, selector: ${key}`;

function peerHost(cluster: Cluster, { namespace }: ClusterPolicy, peer: PolicyPeer, sets: Sets): Host {
  if (peer.kind === 'net') {
    if (peer.except.length === 0) return { net: peer.cidr, says: `cidr: ${peer.cidr.text}` };
    const except = peer.except.map(({ text }) => text).sort();
    const name = npcSet(`${namespace}:ipblock-except:${except.join(' ')}`);
    addSet(sets, name, 'hash:net', except, `excepted from ${peer.cidr.text}`);
    return {
      net: peer.cidr,
      set: { name, invert: true },
      says: `cidr: ${peer.cidr.text} except [${except.join(' ')}]`,
    };
  }
  if (peer.kind !== 'pods') return ANYWHERE;
  const { namespaces, pods } = peer.selection ?? {};
  if (namespaces === undefined) return podsHost(namespace, pods ? selectorKey(pods) : peer.selector, peer.ips, sets);
  if (pods !== undefined) return podsHost('', selectorKey(namespaces) + selectorKey(pods), peer.ips, sets);
  // Namespaces alone: a list of the sets that hold all pods of one.
  const found = new Set(peer.ips);
  const names = [...new Set([...found].flatMap((ip) => indexOf(cluster).podAt(ip)?.namespace ?? []))];
  const key = selectorKey(namespaces);
  const name = npcSet(`:${key}`);
  addSet(
    sets,
    name,
    'list:set',
    names.sort().map((one) => allPodsSet(cluster, one, sets)),
    `the namespaces that ${key || 'any selector'} finds`,
  );
  return { set: { name }, says: `namespaces: selector: ${key}` };
}

/** Of every namespace there is a set with all its pods. */
export function allPodsSet(cluster: Cluster, namespace: string, sets: Sets): string {
  const name = npcSet(`${namespace}:`);
  const pods = cluster.pods.filter((pod) => pod.namespace === namespace);
  addSet(sets, name, 'hash:ip', addresses(pods), `all pods of ${namespace}`);
  return name;
}

export const addresses = (pods: readonly ClusterPod[]): readonly Ip[] =>
  pods.map(({ ip }) => ip).filter((ip) => familyOf(ip) === 4);

export function addSet(sets: Sets, name: string, type: IpSetType, members: readonly string[], why: string): void {
  if (sets.has(name)) return;
  const only = type === 'hash:ip' ? members.filter((text) => !text.includes(':')) : members;
  sets.set(name, { name, type, family: 4, members: [...new Set(only)].sort(), origin: { by: NPC, why } });
}
