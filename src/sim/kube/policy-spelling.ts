/** One spelling for policies that mean the same. `ingress: []` and `policyTypes` stay as written: they tell what a person meant. */
import { isCiliumPolicy, type PolicyObject } from './policy-objects.ts';

type Json = { readonly [field: string]: unknown };

/** Nothing in these lists and maps is as good as no list: the API says so of each. */
const EMPTY_IS_ABSENT = new Set([
  'from',
  'to',
  'ports',
  'except',
  'values',
  'matchLabels',
  'matchExpressions',
  'policyTypes',
  'name',
]);

/** Idempotent. */
export function normalisePolicy<T extends PolicyObject>(policy: T): T {
  if (isCiliumPolicy(policy)) return withoutUnset(policy) as T;
  const spec = normaliseFields(policy.spec as unknown as Json);
  const { podSelector, ...others } = spec;
  const isEverything = policy.kind !== 'NetworkPolicy' || isEmpty(podSelector);
  return { ...policy, spec: isEverything ? others : spec };
}

function normaliseFields(given: Json): Json {
  const said = Object.entries(given).flatMap(([field, value]) => {
    if (value === undefined || value === null) return [];
    if (EMPTY_IS_ABSENT.has(field) && isEmpty(value)) return [];
    // Of ports; a missing protocol is TCP in every one of these APIs.
    if (field === 'protocol' && (value === 'TCP' || value === '')) return [];
    if (field === 'cidr') return [[field, withoutZeros(String(value))]];
    if (field === 'except') return [[field, (value as readonly string[]).map(withoutZeros)]];
    return [[field, field === 'matchLabels' ? value : normaliseValue(value)]];
  });
  return Object.fromEntries(said);
}

/** An `ipBlock` may have leading zeros, read as decimals; nobody else reads them. */
export const withoutZeros = (cidr: string): string =>
  cidr.includes(':') ? cidr : cidr.replace(/(^|\.)0+(?=\d)/g, '$1');

function normaliseValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normaliseValue);
  return typeof value === 'object' && value !== null ? normaliseFields(value as Json) : value;
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === undefined) return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Cilium tells an empty list from a missing one; only `ANY`, which is what no protocol means, and texts that say nothing are left out. */
function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).flatMap(([field, item]) => {
    if (item === undefined || item === null) return [];
    if (field === 'protocol' && item === 'ANY') return [];
    if (EMPTY_TEXTS.has(field) && (item === '' || item === 0)) return [];
    return [[field, field === 'matchLabels' ? item : withoutUnset(item)]];
  });
  return Object.fromEntries(fields);
}

const EMPTY_TEXTS = new Set(['protocol', 'endPort', 'matchName', 'matchPattern', 'method', 'path', 'description']);
