/**
 * Policies as those who enforce them need them: what their selectors find is resolved to pods and addresses. What is not enforced (a
 * policy that is switched off, a staged one) is not among them.
 */
import type { Cidr, Ip } from '../wire/ip.ts';
import type { CiliumEntity } from './cilium-policy-objects.ts';

export type ClusterPolicyKind =
  | 'NetworkPolicy'
  | 'AdminNetworkPolicy'
  | 'BaselineAdminNetworkPolicy'
  | 'ClusterNetworkPolicy'
  | 'CiliumNetworkPolicy'
  | 'CiliumClusterwideNetworkPolicy';

export interface ClusterPolicy {
  readonly kind: ClusterPolicyKind;
  /** Empty for what belongs to no namespace. */
  readonly namespace: string;
  readonly name: string;
  /** Absent: between the two, where NetworkPolicies are. */
  readonly tier?: 'Admin' | 'Baseline';
  /** Within such a tier: the lowest number first. */
  readonly priority?: number;
  /** What it selects, as written; absent where only the pods are known. */
  readonly subject?: PodSelection;
  /** `namespace/name` of the pods that it selects; pods on the host's network are nobody's subject. */
  readonly pods: readonly string[];
  /** Absent: the policy does not concern this direction. Empty: nothing may pass. */
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
  /** Directions whose rules do not close the pod for everything else (Cilium's `enableDefaultDeny: false`). */
  readonly leavesOpen?: readonly PolicyDirection[];
  /** Rules that are written for a direction which `policyTypes` leaves out: the specification does not heed them, but somebody does. */
  readonly idle?: Readonly<Partial<Record<PolicyDirection, readonly PolicyRule[]>>>;
}

/** Peers and ports both must fit; absent fits all. In a NetworkPolicy every rule allows. */
export interface PolicyRule {
  readonly name?: string;
  /** Absent: it allows. `Pass`: the next tier shall decide. */
  readonly action?: 'Deny' | 'Pass';
  readonly peers?: readonly PolicyPeer[];
  readonly ports?: readonly PolicyPort[];
  /** What a proxy demands of what the rule lets pass. */
  readonly l7?: PolicyL7;
}

export type PolicyL7 =
  | { readonly kind: 'http'; readonly allows: readonly HttpMatch[] }
  | { readonly kind: 'dns'; readonly allows: readonly string[] };

/** Regular expressions that must match the whole; absent ones match everything. */
export interface HttpMatch {
  readonly method?: string;
  readonly path?: string;
}

export type PolicyPeer =
  /** `ipBlock`. */
  | { readonly kind: 'net'; readonly cidr: Cidr; readonly except: readonly Cidr[] }
  /** `networks` of the admin policies. */
  | { readonly kind: 'nets'; readonly cidrs: readonly Cidr[] }
  /** `selector` is how it reads, `ips` the addresses of the pods that it finds now. */
  | {
      readonly kind: 'pods';
      readonly selector: string;
      readonly selection?: PodSelection;
      readonly ips: readonly Ip[];
    }
  | { readonly kind: 'nodes'; readonly selector: string; readonly ips: readonly Ip[] }
  | { readonly kind: 'domains'; readonly names: readonly string[] }
  /** Cilium's `fromEntities`: who somebody is, whatever his address. */
  | { readonly kind: 'entity'; readonly entity: CiliumEntity };

/** `namespaces` absent: those of the policy's own namespace. `pods` absent: all of them. */
export interface PodSelection {
  readonly namespaces?: LabelSelection;
  readonly pods?: LabelSelection;
}

/** `metav1.LabelSelector`: nothing in it finds everything. */
export interface LabelSelection {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

export type PolicyProtocol = 'tcp' | 'udp' | 'sctp';

export type PolicyPort = PolicyPortRange | NamedPolicyPort;

export interface PolicyPortRange {
  readonly protocol: PolicyProtocol;
  /** Absent: every port of the protocol. */
  readonly from?: number;
  readonly to?: number;
}

/** A name means another number on each pod: `ports` has them all, in the whole cluster. */
export interface NamedPolicyPort {
  readonly name: string;
  /** Absent: that of each container's port (admin policies). */
  readonly protocol?: PolicyProtocol;
  readonly ports: readonly { readonly ip: Ip; readonly port: number; readonly protocol: PolicyProtocol }[];
}

export type PolicyDirection = 'ingress' | 'egress';

export const isNamedPort = (port: PolicyPort): port is NamedPolicyPort => 'name' in port;

/** `NetworkPolicy shop/deny-all`, `AdminNetworkPolicy guard`. */
export const policyRef = ({ kind, namespace, name }: ClusterPolicy): string =>
  `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`;

const bySubject = new WeakMap<readonly ClusterPolicy[], ReadonlyMap<string, readonly ClusterPolicy[]>>();

/** Those that select a pod, in their order. */
export function policiesOn(policies: readonly ClusterPolicy[], pod: string): readonly ClusterPolicy[] {
  const index = bySubject.get(policies) ?? indexSubjects(policies);
  bySubject.set(policies, index);
  return index.get(pod) ?? [];
}

function indexSubjects(policies: readonly ClusterPolicy[]): ReadonlyMap<string, readonly ClusterPolicy[]> {
  const index = new Map<string, ClusterPolicy[]>();
  for (const policy of policies)
    for (const pod of policy.pods) {
      const others = index.get(pod);
      if (others) others.push(policy);
      else index.set(pod, [policy]);
    }
  return index;
}

/** Those of them that concern a direction. */
export const policiesFor = (
  policies: readonly ClusterPolicy[],
  pod: string,
  direction: PolicyDirection,
): readonly ClusterPolicy[] => policiesOn(policies, pod).filter((policy) => policy[direction] !== undefined);
