/**
 * Policies as the document keeps them: `spec` is spelled as the API spells it, without fields that are unset. NetworkPolicy is
 * networking.k8s.io/v1; the next three are CRDs of policy.networking.k8s.io (network-policy-api at 0eec1b0, 2026-07).
 */
import type { CiliumPolicyObject } from './cilium-policy-objects.ts';
import type { ContainerPortObject } from './objects.ts';

export type PolicyObject =
  | NetworkPolicyObject
  | AdminNetworkPolicyObject
  | BaselineAdminNetworkPolicyObject
  | ClusterNetworkPolicyObject
  | CiliumPolicyObject;

/** All but Cilium's own. */
export type KubernetesPolicyObject = Exclude<PolicyObject, CiliumPolicyObject>;

export type PolicyKind = PolicyObject['kind'];

export type Protocol = NonNullable<ContainerPortObject['protocol']>;

/** Nothing in it: everything. */
export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly SelectorExpression[];
}

export interface SelectorExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

export interface NetworkPolicyObject {
  readonly kind: 'NetworkPolicy';
  readonly namespace: string;
  readonly name: string;
  readonly spec: NetworkPolicySpec;
}

export interface NetworkPolicySpec {
  /** Absent: every pod of the namespace. */
  readonly podSelector?: LabelSelectorObject;
  /** As written; `policyTypesOf` has what the API server fills in. */
  readonly policyTypes?: readonly PolicyType[];
  readonly ingress?: readonly NetworkPolicyIngressRule[];
  readonly egress?: readonly NetworkPolicyEgressRule[];
}

export type PolicyType = 'Ingress' | 'Egress';

/** Absent or empty `from` is every source, absent or empty `ports` every port of every protocol. */
export interface NetworkPolicyIngressRule {
  readonly from?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

export interface NetworkPolicyEgressRule {
  readonly to?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

/** Both selectors in one peer: pods that the one finds in namespaces that the other finds. */
export interface NetworkPolicyPeer {
  readonly podSelector?: LabelSelectorObject;
  readonly namespaceSelector?: LabelSelectorObject;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface NetworkPolicyPort {
  /** Absent: TCP. */
  readonly protocol?: Protocol;
  /** Absent: every port of the protocol. A name is looked up in the destination pod. */
  readonly port?: number | string;
  readonly endPort?: number;
}

/** Pods of the namespaces that a selector finds, or some of them. Exactly one field is set. */
export interface AdminSubject {
  readonly namespaces?: LabelSelectorObject;
  readonly pods?: NamespacedPods;
}

export interface NamespacedPods {
  readonly namespaceSelector: LabelSelectorObject;
  readonly podSelector: LabelSelectorObject;
}

/** Exactly one field is set. The last three are for egress only. */
export interface AdminPeer extends AdminSubject {
  readonly nodes?: LabelSelectorObject;
  readonly networks?: readonly string[];
  readonly domainNames?: readonly string[];
}

export interface AdminNetworkPolicyObject {
  readonly kind: 'AdminNetworkPolicy';
  readonly name: string;
  readonly spec: AdminSpec<'Allow' | 'Deny' | 'Pass'> & { readonly priority: number };
}

export interface BaselineAdminNetworkPolicyObject {
  readonly kind: 'BaselineAdminNetworkPolicy';
  readonly name: string;
  readonly spec: AdminSpec<'Allow' | 'Deny'>;
}

interface AdminSpec<Action extends string> {
  readonly subject: AdminSubject;
  readonly ingress?: readonly AdminIngressRule<Action>[];
  readonly egress?: readonly AdminEgressRule<Action>[];
}

interface AdminRule<Action extends string> {
  readonly name?: string;
  readonly action: Action;
  readonly ports?: readonly AdminPort[];
}

export interface AdminIngressRule<Action extends string> extends AdminRule<Action> {
  readonly from: readonly AdminSubject[];
}

export interface AdminEgressRule<Action extends string> extends AdminRule<Action> {
  readonly to: readonly AdminPeer[];
}

/** Exactly one field is set. A named port has the protocol of the container's port. */
export interface AdminPort {
  readonly portNumber?: { readonly protocol?: Protocol; readonly port: number };
  readonly portRange?: { readonly protocol?: Protocol; readonly start: number; readonly end: number };
  readonly namedPort?: string;
}

export interface ClusterNetworkPolicyObject {
  readonly kind: 'ClusterNetworkPolicy';
  readonly name: string;
  readonly spec: {
    readonly tier: 'Admin' | 'Baseline';
    readonly priority: number;
    readonly subject: AdminSubject;
    readonly ingress?: readonly ClusterIngressRule[];
    readonly egress?: readonly ClusterEgressRule[];
  };
}

interface ClusterRule {
  readonly name?: string;
  readonly action: 'Accept' | 'Deny' | 'Pass';
  readonly protocols?: readonly ClusterProtocol[];
}

export interface ClusterIngressRule extends ClusterRule {
  readonly from: readonly AdminSubject[];
}

export interface ClusterEgressRule extends ClusterRule {
  readonly to: readonly AdminPeer[];
}

/** Exactly one field is set. */
export interface ClusterProtocol {
  readonly tcp?: ClusterProtocolPorts;
  readonly udp?: ClusterProtocolPorts;
  readonly sctp?: ClusterProtocolPorts;
  readonly destinationNamedPort?: string;
}

export interface ClusterProtocolPorts {
  readonly destinationPort?: {
    readonly number?: number;
    readonly range?: { readonly start: number; readonly end: number };
  };
}

const POLICY_KINDS: ReadonlySet<string> = new Set<PolicyKind>([
  'NetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
]);

export const isPolicy = (object: { readonly kind: string }): object is PolicyObject => POLICY_KINDS.has(object.kind);

export const isCiliumPolicy = (object: { readonly kind: string }): object is CiliumPolicyObject =>
  object.kind === 'CiliumNetworkPolicy' || object.kind === 'CiliumClusterwideNetworkPolicy';

/** What the API server fills in: Ingress always, Egress where there are egress rules (pkg/apis/networking/v1/defaults.go). */
export function policyTypesOf({ policyTypes = [], egress = [] }: NetworkPolicySpec): readonly PolicyType[] {
  if (policyTypes.length > 0) return policyTypes;
  return egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}
