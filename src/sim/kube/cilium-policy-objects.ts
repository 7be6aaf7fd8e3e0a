/**
 * CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (cilium.io/v2, pkg/policy/api, 1.19) as the document keeps them: spelled as the
 * API spells them. Unlike in a NetworkPolicy a list that is there and empty is not the same as no list.
 */
import type { LabelSelectorObject } from './policy-objects.ts';

export type CiliumPolicyObject = CiliumNetworkPolicyObject | CiliumClusterwideNetworkPolicyObject;

/** At least one of the two is there; both count. */
interface CiliumSpecs {
  readonly spec?: CiliumRule;
  readonly specs?: readonly CiliumRule[];
}

export interface CiliumNetworkPolicyObject extends CiliumSpecs {
  readonly kind: 'CiliumNetworkPolicy';
  readonly namespace: string;
  readonly name: string;
}

export interface CiliumClusterwideNetworkPolicyObject extends CiliumSpecs {
  readonly kind: 'CiliumClusterwideNetworkPolicy';
  readonly name: string;
}

export interface CiliumRule {
  readonly endpointSelector: LabelSelectorObject;
  readonly description?: string;
  /** Absent: a direction with rules is closed for everything else. */
  readonly enableDefaultDeny?: { readonly ingress?: boolean; readonly egress?: boolean };
  readonly ingress?: readonly CiliumIngressRule[];
  readonly ingressDeny?: readonly CiliumIngressRule[];
  readonly egress?: readonly CiliumEgressRule[];
  readonly egressDeny?: readonly CiliumEgressRule[];
}

/** Without peers and ports a rule matches nothing. */
export interface CiliumIngressRule {
  readonly fromEndpoints?: readonly LabelSelectorObject[];
  readonly fromEntities?: readonly CiliumEntity[];
  readonly fromCIDR?: readonly string[];
  readonly fromCIDRSet?: readonly CiliumCidr[];
  readonly toPorts?: readonly CiliumPortRule[];
}

export interface CiliumEgressRule {
  readonly toEndpoints?: readonly LabelSelectorObject[];
  readonly toEntities?: readonly CiliumEntity[];
  readonly toCIDR?: readonly string[];
  readonly toCIDRSet?: readonly CiliumCidr[];
  readonly toFQDNs?: readonly CiliumName[];
  readonly toPorts?: readonly CiliumPortRule[];
}

export interface CiliumCidr {
  readonly cidr: string;
  readonly except?: readonly string[];
}

/** Exactly one of the two. */
export interface CiliumName {
  readonly matchName?: string;
  /** `*` stands for any characters of one label. */
  readonly matchPattern?: string;
}

export interface CiliumPortRule {
  readonly ports?: readonly CiliumPort[];
  /** Not in a rule that denies. */
  readonly rules?: CiliumL7Rules;
}

export interface CiliumPort {
  /** A number or a name. `0`: every port. */
  readonly port: string;
  readonly endPort?: number;
  /** Absent: ANY. */
  readonly protocol?: CiliumProtocol;
}

export const CILIUM_PROTOCOLS = ['TCP', 'UDP', 'SCTP', 'ANY'] as const;
export type CiliumProtocol = (typeof CILIUM_PROTOCOLS)[number];

/** One of the two. */
export interface CiliumL7Rules {
  readonly http?: readonly CiliumHttpRule[];
  readonly dns?: readonly CiliumName[];
}

/** Regular expressions that must match the whole; absent ones match everything. */
export interface CiliumHttpRule {
  readonly method?: string;
  readonly path?: string;
}

export const CILIUM_ENTITIES = [
  'all',
  'world',
  'cluster',
  'host',
  'remote-node',
  'kube-apiserver',
  'init',
  'ingress',
  'unmanaged',
  'health',
  'none',
] as const;
export type CiliumEntity = (typeof CILIUM_ENTITIES)[number];

/** Every rule with where it stands. */
export function ciliumRules({
  spec,
  specs = [],
}: CiliumSpecs): readonly { readonly path: readonly (string | number)[]; readonly rule: CiliumRule }[] {
  return [
    ...(spec ? [{ path: ['spec'], rule: spec }] : []),
    ...specs.map((rule, index) => ({ path: ['specs', index], rule })),
  ];
}
