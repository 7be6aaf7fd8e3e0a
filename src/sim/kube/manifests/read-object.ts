/** One object of a manifest: its kind, its shape, its rules, and what of it is not modelled. */
import type { KubeObject } from '../objects.ts';
import { type AdminPolicyManifest, validateAdminPolicy } from '../validate/admin-policy.ts';
import { type CiliumPolicyManifest, validateCiliumPolicy } from '../validate/cilium-policy.ts';
import { validateController } from '../validate/controller.ts';
import type { FieldError, Path } from '../validate/field-error.ts';
import { pathText } from '../validate/field-error.ts';
import type { ControllerManifest, MetaManifest, PodManifest, ServiceManifest } from '../validate/manifest-types.ts';
import { validateMeta } from '../validate/meta.ts';
import { dnsLabel } from '../validate/names.ts';
import { type NetworkPolicyManifest, validateNetworkPolicy } from '../validate/network-policy.ts';
import { validatePod } from '../validate/pod.ts';
import { validateService } from '../validate/service.ts';
import { CHECKED } from './checked-kinds.ts';
import { defaultController, defaultPod, defaultService, withNamespace } from './defaults.ts';
import { MODELLED, type ModelledKind } from './kinds.ts';
import { consequenceOf, type IdleFields, isKnownNamespaced, type NotModelled } from './not-modelled.ts';
import { toAdminPolicy, toCiliumPolicy, toNetworkPolicy } from './policy-objects.ts';
import { isValueMap, type Place, type Value, type ValueMap } from './read-yaml.ts';
import { checkShape, decoded, schemaError } from './shape.ts';
import { toNamespace, toPod, toService, toWorkload } from './to-object.ts';

export interface Source {
  readonly value: Value;
  /** From the object's own root. */
  placeOf(path: Path): Place;
}

export interface ManifestError extends Place {
  /** `Service default/web`; empty where no object could be told. */
  readonly ref: string;
  /** Field, value and what was expected: the API server's words where it has them. */
  readonly text: string;
}

export interface ReadObject {
  readonly object?: KubeObject;
  readonly errors: readonly ManifestError[];
  readonly notModelled: readonly NotModelled[];
  readonly idle?: IdleFields;
}

/** Groups that Kubernetes itself serves: a modelled kind there in another version is a mistake, elsewhere it is another kind. */
const OWN_GROUPS = /^(v\d\w*|(apps|batch|extensions|discovery\.k8s\.io|(policy\.)?networking\.k8s\.io)\/\w+)$/;
/** Characters of a broken object that its error quotes. */
const QUOTE_MAX = 160;

export function readObject(source: Source): ReadObject {
  const { value } = source;
  if (!isValueMap(value)) {
    const type = Array.isArray(value) ? 'array' : typeof value;
    return failed(source, '', [
      { path: [], text: `json: cannot unmarshal ${type} into Go value of type map[string]interface {}` },
    ]);
  }
  for (const field of ['kind', 'apiVersion'] as const) {
    if (typeof value[field] === 'string' && value[field] !== '') continue;
    const quoted = JSON.stringify(value).slice(0, QUOTE_MAX);
    const name = field === 'kind' ? 'Kind' : field;
    return failed(source, '', [{ path: [field], text: `Object '${name}' is missing in '${quoted}'` }]);
  }
  const { kind, apiVersion } = value as { readonly kind: string; readonly apiVersion: string };
  const modelled = MODELLED.get(kind as KubeObject['kind']);
  const known = modelled ?? CHECKED.get(kind);
  if (known === undefined) return leftOut(source, value, kind, consequenceOf(kind));
  if (known.apiVersion === apiVersion)
    return modelled
      ? readModelled(source, value, kind as KubeObject['kind'], modelled)
      : readChecked(source, value, kind);
  if (!OWN_GROUPS.test(apiVersion))
    return leftOut(source, value, kind, `kind of ${apiVersion}, which is not modelled: it has no effect here`);
  const text = `no matches for kind "${kind}" in version "${apiVersion}": expected ${known.apiVersion}`;
  return failed(source, refOf(value, kind), [{ path: ['apiVersion'], text }]);
}

function failed(source: Source, ref: string, errors: readonly FieldError[]): ReadObject {
  return { errors: errors.map(({ path, text }) => ({ ...source.placeOf(path), ref, text })), notModelled: [] };
}

function leftOut(source: Source, value: ValueMap, kind: string, text: string): ReadObject {
  const { line } = source.placeOf([]);
  return { errors: [], notModelled: [{ kind, name: nameOf(value, kind), line, text }] };
}

function nameOf({ metadata }: ValueMap, kind: string): string {
  const { name, namespace } = isValueMap(metadata) ? metadata : {};
  const shown = typeof name === 'string' ? name : '?';
  const modelled = MODELLED.get(kind as KubeObject['kind']);
  const isPlaced =
    typeof namespace === 'string' || (modelled ? modelled.isClusterScoped !== true : isKnownNamespaced(kind));
  return isPlaced ? `${typeof namespace === 'string' ? namespace : 'default'}/${shown}` : shown;
}

const refOf = (value: ValueMap, kind: string): string => `${kind} ${nameOf(value, kind)}`;

function readModelled(
  source: Source,
  value: ValueMap,
  kind: KubeObject['kind'],
  { shape, isCustom }: ModelledKind,
): ReadObject {
  const ref = refOf(value, kind);
  const report = checkShape(value, shape, isCustom ? schemaError : undefined);
  if (report.errors.length > 0) return failed(source, ref, report.errors);
  const { object, errors } = judge(kind, decoded(value, shape));
  if (errors.length > 0) return failed(source, ref, errors);
  return {
    ...(object ? { object } : {}),
    errors: [],
    notModelled: [
      ...report.matters.map(({ path, consequence }) => ({
        kind,
        name: nameOf(value, kind),
        line: source.placeOf(path).line,
        text: `${pathText(path)}: ${consequence}`,
      })),
    ],
    idle: { kind, line: source.placeOf([]).line, fields: report.idle },
  };
}

/** A kind that has no effect here is held to the API server's rules all the same, where they are known. */
function readChecked(source: Source, value: ValueMap, kind: string): ReadObject {
  const checked = CHECKED.get(kind);
  const report = checked ? checkShape(value, checked.shape) : { errors: [] };
  if (report.errors.length > 0) return failed(source, refOf(value, kind), report.errors);
  const errors = checked?.check(decoded(value, checked.shape)) ?? [];
  if (errors.length > 0) return failed(source, refOf(value, kind), errors);
  return leftOut(source, value, kind, consequenceOf(kind));
}

interface Judged {
  readonly object?: KubeObject;
  readonly errors: readonly FieldError[];
}

/** Fills in defaults, validates, converts. The value has the shape of its kind, so each cast says what was checked. */
function judge(kind: KubeObject['kind'], value: unknown): Judged {
  const nameless = generatedName(value as { readonly metadata?: MetaManifest });
  if (nameless) return { errors: [nameless] };
  switch (kind) {
    case 'Namespace': {
      const { metadata = {} } = value as { readonly metadata?: MetaManifest };
      return judged(validateMeta(metadata, dnsLabel, false), () => toNamespace(metadata));
    }
    case 'Service': {
      const service = defaultService(value as ServiceManifest);
      return judged(validateService(service), () => toService(service));
    }
    case 'Pod': {
      const pod = defaultPod(value as PodManifest);
      return judged(validatePod(pod), () => toPod(pod));
    }
    case 'NetworkPolicy': {
      const policy = withNamespace(value as NetworkPolicyManifest);
      return judged(validateNetworkPolicy(policy), () => toNetworkPolicy(policy));
    }
    case 'AdminNetworkPolicy':
    case 'BaselineAdminNetworkPolicy':
    case 'ClusterNetworkPolicy': {
      const policy = value as AdminPolicyManifest;
      return judged(validateAdminPolicy(kind, policy), () => toAdminPolicy(kind, policy));
    }
    case 'CiliumNetworkPolicy':
    case 'CiliumClusterwideNetworkPolicy': {
      const given = value as CiliumPolicyManifest;
      const policy = kind === 'CiliumNetworkPolicy' ? withNamespace(given) : given;
      return judged(validateCiliumPolicy(kind, policy), () => toCiliumPolicy(kind, policy));
    }
    default: {
      const controller = defaultController(value as ControllerManifest);
      return judged(validateController(kind, controller), () => toWorkload(kind, controller));
    }
  }
}

/** Null: there is nothing wrong with it, and nothing of it is modelled. */
function judged(errors: readonly FieldError[], convert: () => KubeObject | null): Judged {
  if (errors.length > 0) return { errors };
  const object = convert();
  return object ? { object, errors } : { errors };
}

/** kubectl apply finds objects by name, so it refuses those that would get a new one each time. */
function generatedName({ metadata = {} }: { readonly metadata?: MetaManifest }): FieldError | null {
  const { name = '', generateName = '' } = metadata;
  if (name !== '' || generateName === '') return null;
  return { path: ['metadata', 'generateName'], text: `from ${generateName}: cannot use generate name with apply` };
}
