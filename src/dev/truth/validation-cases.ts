/** What the API server says of objects and of YAML texts, and what np-guard refuses, against what the importer says. */
import { readManifests } from '../../sim/kube/manifests/parse.ts';
import { lint } from '../../sim/kube/policy/lint.ts';
import { policyModel } from '../../sim/kube/policy/model.ts';
import { isPolicy } from '../../sim/kube/policy-objects.ts';
import { validateEndpointSlice, validateEndpoints } from '../../sim/kube/validate/endpoints.ts';
import type { FieldError } from '../../sim/kube/validate/field-error.ts';
import { validateIngress } from '../../sim/kube/validate/ingress.ts';
import { validateMeta } from '../../sim/kube/validate/meta.ts';
import { dnsLabel } from '../../sim/kube/validate/names.ts';
import { validateNetworkPolicy } from '../../sim/kube/validate/network-policy.ts';
import { validatePod } from '../../sim/kube/validate/pod.ts';
import { validateService } from '../../sim/kube/validate/service.ts';
import { inputOfResources, type RecordedObject, workloadsOf } from './policy-input.ts';
import type { CaseResult } from './report.ts';

interface RecordedError {
  readonly Field: string;
  readonly Text: string;
}

export interface ObjectCase {
  readonly kind: string;
  readonly object: object;
  readonly errors: readonly RecordedError[];
}

const VALIDATORS: Readonly<Record<string, (object: object) => readonly FieldError[]>> = {
  Endpoints: validateEndpoints,
  EndpointSlice: validateEndpointSlice,
  Ingress: validateIngress,
  Namespace: ({ metadata = {} }: { readonly metadata?: object }) => validateMeta(metadata, dnsLabel, false),
  NetworkPolicy: validateNetworkPolicy,
  Pod: validatePod,
  Service: validateService,
};

/** Go reads null as a field that is not set. */
const withoutNulls = (object: object): object =>
  JSON.parse(JSON.stringify(object, (_, value) => (value === null ? undefined : value)));

/** Text and order of all errors. */
export function objectDifference({ kind, object, errors }: ObjectCase): string | null {
  const validate = VALIDATORS[kind];
  if (!validate) return `there is no validation of ${kind}`;
  const given = withoutNulls(object);
  return difference(
    stillRefused(errors, JSON.stringify(given)),
    validate(given).map(({ text }) => text),
  );
}

/**
 * The recording is of v1.28.7. Since v1.29 a ClusterIP with external IPs may have an externalTrafficPolicy (kubernetes#119150), and the
 * importer is of that mind.
 */
const stillRefused = (errors: readonly RecordedError[], given: string): readonly string[] =>
  errors
    .map(({ Text }) => Text)
    .filter(
      (text) => !(/^spec\.externalTrafficPolicy: .* may only be set when/.test(text) && given.includes('externalIPs')),
    );

function difference(expected: readonly string[], ours: readonly string[]): string | null {
  const at = Array.from({ length: Math.max(expected.length, ours.length) }).findIndex(
    (_, i) => expected[i] !== ours[i],
  );
  return at < 0 ? null : `error ${at + 1}: expected ${expected[at] ?? 'none'}\n    simulator: ${ours[at] ?? 'none'}`;
}

export interface YamlCase {
  readonly kind: string;
  readonly name: string;
  readonly yaml: string;
  readonly errors?: readonly RecordedError[];
  readonly decodeError?: string;
}

/** The recording validated these without the step that fills clusterIPs from clusterIP. */
const WITHOUT_DEFAULTS = new Set(['s7', 's8']);
const STRICT = 'strict decoding error: ';

export function replayYaml(cases: readonly YamlCase[]): readonly CaseResult[] {
  return cases.map((one): CaseResult => {
    const name = `k8s-validation-yaml/${one.kind} ${one.name}`;
    if (WITHOUT_DEFAULTS.has(one.name) && one.kind === 'Service')
      return {
        name,
        outcome: 'not modelled',
        detail: 'does not count: recorded without the step that fills clusterIPs from clusterIP',
      };
    const found = yamlDifference(one);
    return found === null ? { name, outcome: 'equal' } : { name, outcome: 'different', detail: found };
  });
}

function yamlDifference({ yaml, errors = [], decodeError }: YamlCase): string | null {
  const ours = readManifests(yaml).errors.map(({ text }) => text);
  if (decodeError === undefined) return difference(stillRefused(errors, yaml), ours);
  // The server's decoder names its own source file; kubectl, which is asked first, does not.
  const [, kind, version] = /^no kind "(\w+)" is registered for version "([^"]+)"/.exec(decodeError) ?? [];
  if (version !== undefined)
    return difference(
      [`no matches for kind "${kind}" in version "${version}"`],
      ours.map((text) => text.split(': expected ')[0] ?? ''),
    );
  // Ours stand at their own lines.
  const isStrict = ours.length > 0 && ours.every((text) => text.startsWith(STRICT));
  return difference(
    [decodeError],
    isStrict ? [STRICT + ours.map((text) => text.slice(STRICT.length)).join(', ')] : ours,
  );
}

export interface BadCase {
  readonly resources: readonly RecordedObject[];
  readonly expectError: string;
}

/** np-guard's error, and the field that the importer's first error must be about. */
const BAD_FIELDS: readonly (readonly [RegExp, RegExp])[] = [
  [/CIDR error|invalid CIDR address/, /\.(ipBlock\.(cidr|except\[\d+\])|networks\[\d+\]): /],
  [/unrecognized action/, /\.action: /],
  [/to field must be defined/, /\.egress\[\d+\]\.to: /],
  [/from field must be defined/, /\.ingress\[\d+\]\.from: /],
  [/one field must be set in a subject/, /^spec\.subject: /],
  [/one field must be set in a rule peer|NetworkPolicyPeer error/, /\.(from|to)\[\d+\]: /],
  [/one field must be set in an AdminNetworkPolicyPort|port range/, /\.ports\[\d+\]/],
  [/Invalid Priority Value/, /^spec\.priority: /],
  [/metadata\.name=default/, /metadata\.name="default"/],
  [/endPort field/, /\.endPort: /],
  [/cannot convert named port/, /namedPorts/],
  [/selector error|key: Invalid value|label selector operator/, /(Selector|namespaces|nodes)\./],
  [/is missing in|unable to decode|cannot unmarshal/, /./],
];

/** What the API server accepts, and what a person is told of it here instead: findings, and what was taken for granted. */
const BAD_IN_USE: readonly (readonly [RegExp, RegExp])[] = [
  [/same priority/, /^same-priority /],
  [/already exist/, / stands twice: /],
  [/cannot convert named port/, /^unknown-port /],
  [/port range/, /^empty-range /],
];

export function badDifference({ resources, expectError }: BadCase): string | null {
  const { objects, errors, assumed } = readManifests(JSON.stringify({ kind: 'List', items: resources }));
  const said = errors.map(({ text }) => text);
  const field = BAD_FIELDS.find(([words]) => words.test(expectError))?.[1];
  if (field && said.some((text) => field.test(text))) return null;
  const pods = workloadsOf(resources).map(({ pod }) => pod);
  const policies = objects.filter(isPolicy);
  const found = lint(policyModel({ ...inputOfResources(resources, pods), policies })).map(
    ({ kind, text }) => `${kind} ${text}`,
  );
  const told = BAD_IN_USE.find(([words]) => words.test(expectError))?.[1];
  if (told && [...assumed, ...found].some((text) => told.test(text))) return null;
  return `${expectError}\n    simulator: ${[...said, ...assumed, ...found].join('; ') || 'nothing'}`;
}

/** An analyser folds pods into their owner, and cannot when they differ. Here each pod is itself. */
export const isOwnLimit = (expectError: string): boolean => /with differences in their labels/.test(expectError);
