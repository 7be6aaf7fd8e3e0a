/** All kinds of policies as one: a tier, whom it selects, and rules in the order in which they count. */
import { type Cidr, parseCidr } from '../../wire/ip.ts';
import type { CiliumEntity } from '../cilium-policy-objects.ts';
import type { PolicyL7 } from '../cluster-policy.ts';
import {
  type AdminPort,
  type AdminSubject,
  type ClusterProtocol,
  isCiliumPolicy,
  type KubernetesPolicyObject,
  type LabelSelectorObject,
  type NetworkPolicyObject,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  type PolicyObject,
  type Protocol,
  policyTypesOf,
} from '../policy-objects.ts';
import { PORT_MAX } from './port-sets.ts';
import { ciliumPolicies } from './uniform-cilium.ts';

/** In the order in which they are asked. */
export const TIERS = ['Admin', 'NetworkPolicy', 'Baseline'] as const;
export type Tier = (typeof TIERS)[number];
export type Action = 'accept' | 'deny' | 'pass';
export type Direction = 'ingress' | 'egress';
export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];
/** Where a rule lists its peers. */
export const PEER_FIELDS = { ingress: 'from', egress: 'to' } as const satisfies Record<Direction, string>;

export interface UniformPolicy {
  /** `NetworkPolicy shop/deny`, `ClusterNetworkPolicy guard`. */
  readonly ref: string;
  readonly object: PolicyObject;
  readonly tier: Tier;
  /** Lower ones come first; all NetworkPolicies are alike. */
  readonly priority: number;
  readonly subject: PodsPeer;
  /** Absent: the policy does not concern this direction. */
  readonly ingress?: readonly UniformRule[];
  readonly egress?: readonly UniformRule[];
  /** Directions whose rules do not close the pod for everything else, as a NetworkPolicy's do. */
  readonly leavesOpen?: readonly Direction[];
}

/** Whether it closes the pods that it selects for all that nothing allows. */
export const isolates = ({ tier, leavesOpen = [] }: UniformPolicy, direction: Direction): boolean =>
  tier === 'NetworkPolicy' && !leavesOpen.includes(direction);

export interface UniformRule {
  readonly name?: string;
  readonly action: Action;
  /** Absent: everybody. */
  readonly peers?: readonly UniformPeer[];
  /** Absent: every port, and what has no ports. */
  readonly ports?: readonly UniformPort[];
  /** What a proxy demands of the requests that it lets pass. */
  readonly l7?: PolicyL7;
}

export type UniformPeer = PodsPeer | NetPeer | NodesPeer | DomainsPeer | EntityPeer;

/** Pods in one namespace, or in those that a selector finds. Never those on the host's network. */
export interface PodsPeer {
  readonly kind: 'pods';
  readonly namespace?: string;
  readonly namespaces?: LabelSelectorObject;
  readonly pods: LabelSelectorObject;
}

export interface NetPeer {
  readonly kind: 'net';
  readonly net: Cidr;
  readonly except: readonly Cidr[];
  /** It finds neither pods nor nodes. */
  readonly isOutside?: true;
}

/** Cilium's words for who somebody is. */
export interface EntityPeer {
  readonly kind: 'entity';
  readonly entity: CiliumEntity;
}

export interface NodesPeer {
  readonly kind: 'nodes';
  readonly nodes: LabelSelectorObject;
}

/** What addresses a name has is not known here. */
export interface DomainsPeer {
  readonly kind: 'domains';
  readonly names: readonly string[];
}

export type UniformPort =
  | { readonly protocol: Protocol; readonly from: number; readonly to: number }
  /** Of the destination pod; without a protocol it is whatever the container's port says. */
  | { readonly name: string; readonly protocol?: Protocol };

export const refOf = (object: PolicyObject): string =>
  'namespace' in object ? `${object.kind} ${object.namespace}/${object.name}` : `${object.kind} ${object.name}`;

/** A baseline policy of the older API is one of its kind; beside ClusterNetworkPolicies nothing says which comes first. */
const LAST_PRIORITY = 1001;

/** One of Cilium's can hold several. */
export function uniformPolicies(object: PolicyObject): readonly UniformPolicy[] {
  if (isCiliumPolicy(object)) return ciliumPolicies(refOf(object), object);
  return [object.kind === 'NetworkPolicy' ? fromNetworkPolicy(object) : fromAdminPolicy(object)];
}

function fromAdminPolicy(object: Exclude<KubernetesPolicyObject, NetworkPolicyObject>): UniformPolicy {
  const ref = refOf(object);
  if (object.kind === 'ClusterNetworkPolicy') {
    const { tier, priority, subject, ingress = [], egress = [] } = object.spec;
    const rules = {
      ingress: ingress.map((rule) => adminRule(rule, rule.from, rule.protocols?.flatMap(fromProtocol))),
      egress: egress.map((rule) => adminRule(rule, rule.to, rule.protocols?.flatMap(fromProtocol))),
    };
    return { ref, object, tier, priority, subject: fromSubject(subject), ...concerning(rules) };
  }
  const { subject, ingress = [], egress = [] } = object.spec;
  const isAdmin = object.kind === 'AdminNetworkPolicy';
  const rules = {
    ingress: ingress.map((rule) => adminRule(rule, rule.from, rule.ports?.map(fromAdminPort))),
    egress: egress.map((rule) => adminRule(rule, rule.to, rule.ports?.map(fromAdminPort))),
  };
  return {
    ref,
    object,
    tier: isAdmin ? 'Admin' : 'Baseline',
    priority: isAdmin ? object.spec.priority : LAST_PRIORITY,
    subject: fromSubject(subject),
    ...concerning(rules),
  };
}

/** Without rules for a direction an admin policy says nothing of it: it isolates nobody. */
const concerning = (rules: Readonly<Record<Direction, readonly UniformRule[]>>) =>
  Object.fromEntries(DIRECTIONS.filter((one) => rules[one].length > 0).map((one) => [one, rules[one]]));

export function fromNetworkPolicy(object: NetworkPolicyObject): UniformPolicy {
  const { namespace, spec } = object;
  const types = policyTypesOf(spec);
  const rule = (peers: readonly NetworkPolicyPeer[] = [], ports: readonly NetworkPolicyPort[] = []): UniformRule => ({
    action: 'accept',
    ...(peers.length > 0 ? { peers: peers.map((peer) => fromPeer(peer, namespace)) } : {}),
    ...(ports.length > 0 ? { ports: ports.map(fromPort) } : {}),
  });
  return {
    ref: refOf(object),
    object,
    tier: 'NetworkPolicy',
    priority: 0,
    subject: { kind: 'pods', namespace, pods: spec.podSelector ?? {} },
    ...(types.includes('Ingress') ? { ingress: (spec.ingress ?? []).map(({ from, ports }) => rule(from, ports)) } : {}),
    ...(types.includes('Egress') ? { egress: (spec.egress ?? []).map(({ to, ports }) => rule(to, ports)) } : {}),
  };
}

/** Validation refused networks that are none; one that an old document still holds finds nobody. */
const netsOf = (texts: readonly string[]): readonly Cidr[] =>
  texts.flatMap((text) => {
    const parsed = parseCidr(text);
    return parsed.ok ? [parsed.value] : [];
  });

const NOBODY: PodsPeer = { kind: 'pods', pods: { matchExpressions: [{ key: '', operator: 'In', values: [] }] } };

function fromPeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, namespace: string): UniformPeer {
  if (ipBlock !== undefined) {
    const [net] = netsOf([ipBlock.cidr]);
    return net ? { kind: 'net', net, except: netsOf(ipBlock.except ?? []) } : NOBODY;
  }
  const pods = podSelector ?? {};
  return namespaceSelector === undefined
    ? { kind: 'pods', namespace, pods }
    : { kind: 'pods', namespaces: namespaceSelector, pods };
}

function fromPort({ protocol = 'TCP', port, endPort }: NetworkPolicyPort): UniformPort {
  if (port === undefined) return { protocol, from: 1, to: PORT_MAX };
  return typeof port === 'string' ? { name: port, protocol } : { protocol, from: port, to: endPort ?? port };
}

const fromSubject = ({ namespaces, pods }: AdminSubject): PodsPeer =>
  pods
    ? { kind: 'pods', namespaces: pods.namespaceSelector, pods: pods.podSelector }
    : namespaces
      ? { kind: 'pods', namespaces, pods: {} }
      : NOBODY;

interface AnyAdminRule {
  readonly name?: string;
  readonly action: 'Allow' | 'Accept' | 'Deny' | 'Pass';
}

interface AnyAdminPeer extends AdminSubject {
  readonly nodes?: LabelSelectorObject;
  readonly networks?: readonly string[];
  readonly domainNames?: readonly string[];
}

function adminRule(
  { name, action }: AnyAdminRule,
  peers: readonly AnyAdminPeer[],
  ports: readonly UniformPort[] | undefined,
): UniformRule {
  return {
    ...(name === undefined ? {} : { name }),
    action: action === 'Deny' ? 'deny' : action === 'Pass' ? 'pass' : 'accept',
    peers: peers.flatMap(fromAdminPeer),
    ...(ports === undefined ? {} : { ports }),
  };
}

function fromAdminPeer({ nodes, networks, domainNames, ...inside }: AnyAdminPeer): readonly UniformPeer[] {
  if (networks) return netsOf(networks).map((net) => ({ kind: 'net', net, except: [] }));
  if (nodes) return [{ kind: 'nodes', nodes }];
  return domainNames ? [{ kind: 'domains', names: domainNames }] : [fromSubject(inside)];
}

function fromAdminPort({ portNumber, portRange, namedPort }: AdminPort): UniformPort {
  if (portNumber) return { protocol: portNumber.protocol ?? 'TCP', from: portNumber.port, to: portNumber.port };
  if (portRange) return { protocol: portRange.protocol ?? 'TCP', from: portRange.start, to: portRange.end };
  return { name: namedPort ?? '' };
}

function fromProtocol({ tcp, udp, sctp, destinationNamedPort }: ClusterProtocol): readonly UniformPort[] {
  if (destinationNamedPort !== undefined) return [{ name: destinationNamedPort }];
  return (
    [
      ['TCP', tcp],
      ['UDP', udp],
      ['SCTP', sctp],
    ] as const
  ).flatMap(([protocol, of]) => {
    if (of === undefined) return [];
    const { number, range } = of.destinationPort ?? {};
    return [{ protocol, from: range?.start ?? number ?? 1, to: range?.end ?? number ?? PORT_MAX }];
  });
}
