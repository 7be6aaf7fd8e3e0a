/** Affinity and tolerations, as the API server checks them (validateAffinity and ValidateTolerations, v1.28). */
import { type FieldError, forbidden, invalid, type Path, required, unsupportedAsListed } from './field-error.ts';
import type {
  AffinityManifest,
  NodeSelectorTerm,
  PodAffinityManifest,
  PodAffinityTerm,
  SelectorRequirement,
  TolerationManifest,
} from './manifest-types.ts';
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from './names.ts';
import { validateSelector } from './selector.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const WEIGHT_MAX = 100;

export function validateAffinity(
  { nodeAffinity, podAffinity, podAntiAffinity }: AffinityManifest,
  path: Path,
): readonly FieldError[] {
  const terms = nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? [];
  const termsAt = [...path, 'nodeAffinity', REQUIRED, 'nodeSelectorTerms'];
  const preferred = nodeAffinity?.[PREFERRED] ?? [];
  const preferredAt = [...path, 'nodeAffinity', PREFERRED];
  return [
    ...(nodeAffinity?.[REQUIRED] && terms.length === 0
      ? [required(termsAt, 'must have at least one node selector term')]
      : []),
    ...terms.flatMap((term, index) => validateNodeTerm(term, [...termsAt, index])),
    ...preferred.flatMap(({ weight = 0, preference = {} }, index) => [
      ...validateWeight(weight, [...preferredAt, index, 'weight']),
      ...validateNodeTerm(preference, [...preferredAt, index, 'preference']),
    ]),
    ...(podAffinity ? validatePodAffinity(podAffinity, [...path, 'podAffinity']) : []),
    ...(podAntiAffinity ? validatePodAffinity(podAntiAffinity, [...path, 'podAntiAffinity']) : []),
  ];
}

const validateWeight = (weight: number, path: Path): readonly FieldError[] =>
  weight >= 1 && weight <= WEIGHT_MAX ? [] : [invalid(path, weight, 'must be in the range 1-100')];

const validateNodeTerm = (
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  path: Path,
): readonly FieldError[] => [
  ...matchExpressions.flatMap((one, index) => validateNodeRequirement(one, [...path, 'matchExpressions', index])),
  ...matchFields.flatMap((one, index) => validateNodeField(one, [...path, 'matchFields', index])),
];

function validateNodeRequirement(
  { key = '', operator = '', values = [] }: SelectorRequirement,
  path: Path,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const at = [...path, 'values'];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else errors.push(invalid([...path, 'operator'], operator, 'not a valid selector operator'));
  return [...errors, ...qualifiedName(key).map((why) => invalid([...path, 'key'], key, why))];
}

/** Of all fields of a node only its name can be asked for. */
function validateNodeField(
  { key = '', operator = '', values = [] }: SelectorRequirement,
  path: Path,
): readonly FieldError[] {
  const isList = operator === 'In' || operator === 'NotIn';
  const one = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
  return [
    ...(isList && values.length !== 1 ? [required([...path, 'values'], one)] : []),
    ...(isList ? [] : [invalid([...path, 'operator'], operator, 'not a valid selector operator')]),
    ...(key === 'metadata.name'
      ? values.flatMap((value, index) =>
          dnsSubdomain(value).map((why) => invalid([...path, 'values', index], value, why)),
        )
      : [invalid([...path, 'key'], key, 'not a valid field selector key')]),
  ];
}

const validatePodAffinity = (affinity: PodAffinityManifest, path: Path): readonly FieldError[] => [
  ...(affinity[REQUIRED] ?? []).flatMap((term, index) => validatePodTerm(term, [...path, REQUIRED, index])),
  ...(affinity[PREFERRED] ?? []).flatMap(({ weight = 0, podAffinityTerm = {} }, index) => [
    ...validateWeight(weight, [...path, PREFERRED, index, 'weight']),
    ...validatePodTerm(podAffinityTerm, [...path, PREFERRED, index, 'podAffinityTerm']),
  ]),
];

function validatePodTerm(term: PodAffinityTerm, path: Path): readonly FieldError[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey = '' } = term;
  const at = [...path, 'topologyKey'];
  return [
    ...(labelSelector ? validateSelector(labelSelector, [...path, 'labelSelector']) : []),
    ...(namespaceSelector ? validateSelector(namespaceSelector, [...path, 'namespaceSelector']) : []),
    // The path names the list in the singular, as the API server does.
    ...namespaces.flatMap((name) => dnsLabel(name).map((why) => invalid([...path, 'namespace'], name, why))),
    ...(topologyKey === '' ? [required(at, 'can not be empty')] : []),
    ...qualifiedName(topologyKey).map((why) => invalid(at, topologyKey, why)),
  ];
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTolerations(tolerations: readonly TolerationManifest[], path: Path): readonly FieldError[] {
  return tolerations.flatMap((toleration, index) => {
    const { key = '', operator = '', effect = '', tolerationSeconds } = toleration;
    const at = (field: string): Path => [...path, index, field];
    const all = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    return [
      ...(key === '' ? [] : qualifiedName(key).map((why) => invalid(at('key'), key, why))),
      ...(key === '' && operator !== 'Exists' ? [invalid(at('operator'), operator, all)] : []),
      ...(tolerationSeconds !== undefined && effect !== 'NoExecute'
        ? [invalid(at('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")]
        : []),
      ...validateOperator(toleration, at('operator')),
      ...(effect === '' || EFFECTS.includes(effect) ? [] : [unsupportedAsListed(at('effect'), effect, EFFECTS)]),
    ];
  });
}

function validateOperator(
  { key = '', operator = '', value = '', effect = '' }: TolerationManifest,
  path: Path,
): readonly FieldError[] {
  if (operator === '' || operator === 'Equal') {
    const whys = labelValue(value);
    return whys.length === 0 ? [] : [invalid(path, value, whys.join(';'))];
  }
  if (operator !== 'Exists') return [unsupportedAsListed(path, operator, ['Equal', 'Exists'])];
  if (value === '') return [];
  const text = (one: string): string => JSON.stringify(one);
  const go = `core.Toleration{Key:${text(key)}, Operator:"Exists", Value:${text(value)}, Effect:${text(effect)}, TolerationSeconds:(*int64)(nil)}`;
  return [invalid(path, { go }, "value must be empty when `operator` is 'Exists'")];
}
