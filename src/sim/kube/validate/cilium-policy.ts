/**
 * What is refused of Cilium's policies: by the schemas of the CRDs (1.19) in the words of kube-openapi, and by cilium-agent, which calls a
 * stored policy invalid (pkg/policy/api/rule_validation.go, 1.19) in its own. Here nothing is stored that nobody would enforce.
 */
import { CILIUM_ENTITIES, type CiliumPolicyObject } from '../cilium-policy-objects.ts';
import { type CidrSetManifest, validateCidrSet, validateCidrs } from './cilium-cidr.ts';
import { type NameManifest, type PortRuleManifest, validateNames, validatePortRules } from './cilium-ports.ts';
import { type FieldError, invalid, type Path, pathText, required, unsupportedAsListed } from './field-error.ts';
import type { LabelSelector, MetaManifest } from './manifest-types.ts';
import { validateMeta } from './meta.ts';
import { dnsSubdomain } from './names.ts';
import { validateSelector } from './selector.ts';

export interface CiliumPolicyManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly spec?: CiliumRuleManifest | undefined;
  readonly specs?: readonly CiliumRuleManifest[] | undefined;
}

export interface CiliumRuleManifest {
  readonly endpointSelector?: LabelSelector | undefined;
  readonly nodeSelector?: LabelSelector | undefined;
  readonly ingress?: readonly TrafficManifest[] | undefined;
  readonly ingressDeny?: readonly TrafficManifest[] | undefined;
  readonly egress?: readonly TrafficManifest[] | undefined;
  readonly egressDeny?: readonly TrafficManifest[] | undefined;
}

interface TrafficManifest {
  readonly fromEndpoints?: readonly LabelSelector[] | undefined;
  readonly fromEntities?: readonly string[] | undefined;
  readonly fromCIDR?: readonly string[] | undefined;
  readonly fromCIDRSet?: readonly CidrSetManifest[] | undefined;
  readonly toEndpoints?: readonly LabelSelector[] | undefined;
  readonly toEntities?: readonly string[] | undefined;
  readonly toCIDR?: readonly string[] | undefined;
  readonly toCIDRSet?: readonly CidrSetManifest[] | undefined;
  readonly toFQDNs?: readonly NameManifest[] | undefined;
  readonly toPorts?: readonly PortRuleManifest[] | undefined;
}

const LISTS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;
const PEER_LISTS = {
  ingress: ['fromEndpoints', 'fromEntities', 'fromCIDR', 'fromCIDRSet'],
  egress: ['toEndpoints', 'toEntities', 'toCIDR', 'toCIDRSet', 'toFQDNs'],
} as const;

export function validateCiliumPolicy(
  kind: CiliumPolicyObject['kind'],
  { metadata = {}, spec, specs }: CiliumPolicyManifest,
): readonly FieldError[] {
  const isNamespaced = kind === 'CiliumNetworkPolicy';
  return [
    ...validateMeta(metadata, dnsSubdomain, isNamespaced),
    // ErrEmptyCNP, ErrEmptyCCNP (pkg/k8s/apis/cilium.io/v2).
    ...(spec === undefined && specs === undefined ? [required(['spec'], `Invalid ${kind} spec(s): empty policy`)] : []),
    ...(spec ? validateRule(spec, isNamespaced, ['spec']) : []),
    ...(specs ?? []).flatMap((rule, index) => validateRule(rule, isNamespaced, ['specs', index])),
  ];
}

/** In the agent's words, which name no field. */
const refused = (path: Path, text: string): FieldError => invalid(path, { go: '"object"' }, text);

function validateRule(rule: CiliumRuleManifest, isNamespaced: boolean, path: Path): readonly FieldError[] {
  const { endpointSelector, nodeSelector } = rule;
  const said = [endpointSelector, nodeSelector].filter((selector) => selector !== undefined);
  const where = pathText(path);
  return [
    ...(said.length === 1 ? [] : [refused(path, `${where} in body must validate one and only one schema (oneOf)`)]),
    ...(nodeSelector && isNamespaced ? [refused(path, 'rule cannot have NodeSelector')] : []),
    ...(LISTS.some((list) => rule[list] !== undefined)
      ? []
      : [refused(path, `${where} in body must validate at least one schema (anyOf)`)]),
    ...(endpointSelector ? validateCiliumSelector(endpointSelector, [...path, 'endpointSelector']) : []),
    ...LISTS.flatMap((list) =>
      (rule[list] ?? []).flatMap((traffic, index) => validateTraffic(traffic, list, [...path, list, index])),
    ),
  ];
}

function validateTraffic(traffic: TrafficManifest, list: (typeof LISTS)[number], path: Path): readonly FieldError[] {
  const isIngress = list.startsWith('ingress');
  const peers = PEER_LISTS[isIngress ? 'ingress' : 'egress'].filter((field) => (traffic[field] ?? []).length > 0);
  const [first, second] = peers.map((field) => `${field[0]?.toUpperCase()}${field.slice(1)}`);
  const at = (field: string): Path => [...path, field];
  return [
    ...(second === undefined ? [] : [refused(path, `Combining ${first} and ${second} is not supported yet`)]),
    ...(['fromEndpoints', 'toEndpoints'] as const).flatMap((field) =>
      (traffic[field] ?? []).flatMap((one, index) => validateCiliumSelector(one, [...at(field), index])),
    ),
    ...(['fromEntities', 'toEntities'] as const).flatMap((field) => validateEntities(traffic[field] ?? [], at(field))),
    ...(['fromCIDR', 'toCIDR'] as const).flatMap((field) => validateCidrs(traffic[field] ?? [], at(field))),
    ...(['fromCIDRSet', 'toCIDRSet'] as const).flatMap((field) => validateCidrSet(traffic[field] ?? [], at(field))),
    ...validateNames(traffic.toFQDNs ?? [], at('toFQDNs')),
    ...validatePortRules(traffic.toPorts ?? [], isIngress, at('toPorts')),
  ];
}

const validateEntities = (entities: readonly string[], path: Path): readonly FieldError[] =>
  entities.flatMap((entity, index) =>
    CILIUM_ENTITIES.some((known) => known === entity)
      ? []
      : [unsupportedAsListed([...path, index], entity, CILIUM_ENTITIES)],
  );

/** The source before a label's key (`k8s:app`) is no part of the key. */
const withoutSource = (key: string): string => key.replace(/^[a-z0-9]+:/, '');

function validateCiliumSelector(selector: LabelSelector, path: Path): readonly FieldError[] {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return validateSelector(
    {
      matchLabels: Object.fromEntries(Object.entries(matchLabels).map(([key, value]) => [withoutSource(key), value])),
      matchExpressions: matchExpressions.map((one) => ({ ...one, key: withoutSource(one.key ?? '') })),
    },
    path,
  );
}
