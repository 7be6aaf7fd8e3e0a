/** Seccomp profiles in fields and in the annotations that came before them (pkg/apis/core/validation/validation.go, v1.28). */
import { type FieldError, forbidden, invalid, type Path, required, unsupported } from './field-error.ts';
import type { PodSpec, SeccompProfile } from './manifest-types.ts';

export const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const LOCALHOST = 'localhost/';
const TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

/** The text of an annotation. */
export function validateSeccompText(profile: string, path: Path): readonly FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return [];
  if (!profile.startsWith(LOCALHOST)) return [invalid(path, profile, 'must be a valid seccomp profile')];
  return validateLocalPath(profile.slice(LOCALHOST.length), path);
}

const validateLocalPath = (local: string, path: Path): readonly FieldError[] => [
  ...(local.startsWith('/') ? [invalid(path, local, 'must be a relative path')] : []),
  ...(local.split('/').includes('..') ? [invalid(path, local, "must not contain '..'")] : []),
];

/** Of a pod or a container: `path` leads to its `securityContext`. */
export function validateSeccompField(profile: SeccompProfile | undefined, path: Path): readonly FieldError[] {
  if (profile === undefined) return [];
  const { type = '', localhostProfile } = profile;
  const at = (field: string): Path => [...path, 'seccompProfile', field];
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(at('type'), 'type is required when seccompProfile is set'));
  else if (!TYPES.includes(type)) errors.push(unsupported(at('type'), type, TYPES));
  if (type !== 'Localhost') return errors;
  if (localhostProfile === undefined)
    return [...errors, required(at('localhostProfile'), 'must be set when seccomp type is Localhost')];
  return [...errors, ...validateLocalPath(localhostProfile, at('localhostProfile'))];
}

/** Where both are written they must say the same. */
export function matchSeccomp(annotations: Readonly<Record<string, string>>, spec: PodSpec): readonly FieldError[] {
  const { initContainers = [], containers = [], securityContext } = spec;
  const lists = [
    ['initContainers', initContainers],
    ['containers', containers],
  ] as const;
  return [
    ...matchOne(annotations[SECCOMP_POD], securityContext?.seccompProfile, ['spec', 'securityContext']),
    ...lists.flatMap(([field, list]) =>
      list.flatMap(({ name = '', securityContext: own }, index) =>
        matchOne(annotations[SECCOMP_CONTAINER + name], own?.seccompProfile, ['spec', field, index, 'securityContext']),
      ),
    ),
  ];
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ['unconfined'],
  RuntimeDefault: ['runtime/default', 'docker/default'],
};

function matchOne(text: string | undefined, profile: SeccompProfile | undefined, path: Path): readonly FieldError[] {
  if (text === undefined || profile === undefined) return [];
  const { type = '', localhostProfile } = profile;
  const at = (field: string): Path => [...path, 'seccompProfile', field];
  const isSame = type === 'Localhost' ? text.startsWith(LOCALHOST) : (WORDS[type]?.includes(text) ?? true);
  if (!isSame) return [forbidden(at('type'), 'seccomp type in annotation and field must match')];
  if (type !== 'Localhost' || localhostProfile === text.slice(LOCALHOST.length)) return [];
  return [forbidden(at('localhostProfile'), 'seccomp profile in annotation and field must match')];
}
