/** What the API server checks in objects that make pods from a template (pkg/apis/apps/validation, pkg/apis/batch/validation). */
import { selectorHolds } from '../label-selector.ts';
import type { WorkloadKind } from '../objects.ts';
import { type FieldError, invalid, type Path, required, unsupported } from './field-error.ts';
import type { ControllerManifest, ControllerSpec } from './manifest-types.ts';
import { validateLabels, validateMeta } from './meta.ts';
import { dnsSubdomain } from './names.ts';
import { validatePodSpec } from './pod.ts';
import { validateSelector } from './selector.ts';

export type ControllerKind = Exclude<WorkloadKind, 'Pod'>;

/** The word for ReplicaSet is the API server's own. */
const EMPTY_SELECTOR: Readonly<Record<Exclude<ControllerKind, 'Job'>, string>> = {
  Deployment: 'empty selector is invalid for deployment',
  ReplicaSet: 'empty selector is invalid for deployment',
  StatefulSet: 'empty selector is invalid for statefulset',
  DaemonSet: 'empty selector is invalid for daemonset',
};

const TEMPLATE: Path = ['spec', 'template'];

export function validateController(
  kind: ControllerKind,
  { metadata, spec = {} }: ControllerManifest,
): readonly FieldError[] {
  return [
    ...validateMeta(metadata ?? {}, dnsSubdomain, true),
    ...(['replicas', 'parallelism', 'completions'] as const).flatMap((field) => validateCount(field, spec)),
    ...(kind === 'Job' ? [] : validateSelectorOf(EMPTY_SELECTOR[kind], spec)),
    ...validateLabels(spec.template?.metadata?.labels ?? {}, [...TEMPLATE, 'metadata', 'labels']),
    ...validatePodSpec(spec.template?.spec ?? {}, [...TEMPLATE, 'spec']),
    ...validateRestartPolicy(kind, spec),
  ];
}

function validateCount(field: 'replicas' | 'parallelism' | 'completions', spec: ControllerSpec): readonly FieldError[] {
  const count = spec[field] ?? 0;
  return count >= 0 ? [] : [invalid(['spec', field], count, 'must be greater than or equal to 0')];
}

/** The controller must find its own pods again. A Job gets a selector of its own. */
function validateSelectorOf(whenEmpty: string, { selector, template }: ControllerSpec): readonly FieldError[] {
  const path: Path = ['spec', 'selector'];
  if (selector === undefined) return [required(path)];
  const errors = validateSelector(selector, path);
  if (errors.length > 0) return errors;
  if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0) {
    const go =
      'v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}';
    return [invalid(path, { go }, whenEmpty)];
  }
  const labels = template?.metadata?.labels ?? {};
  if (selectorHolds(selector, labels)) return [];
  const at = [...TEMPLATE, 'metadata', 'labels'];
  return [invalid(at, { map: labels }, '`selector` does not match template `labels`')];
}

/** What stops must not be restarted by a Job; everything else must. The default is Always. */
function validateRestartPolicy(kind: ControllerKind, { template }: ControllerSpec): readonly FieldError[] {
  const policy = template?.spec?.restartPolicy ?? 'Always';
  const path = [...TEMPLATE, 'spec', 'restartPolicy'];
  if (kind === 'Job') return policy === 'Always' ? [required(path, 'valid values: "OnFailure", "Never"')] : [];
  return policy === 'Always' ? [] : [unsupported(path, policy, ['Always'])];
}
