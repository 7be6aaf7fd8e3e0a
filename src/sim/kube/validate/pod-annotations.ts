/** Annotations that mean something to the API server when they stand on a pod (ValidatePodSpecificAnnotations, v1.28). */
import { atKey, type FieldError, invalid, type Path } from './field-error.ts';
import type { PodSpec } from './manifest-types.ts';
import { SECCOMP_CONTAINER, SECCOMP_POD, validateSeccompText } from './seccomp.ts';

const PATH: Path = ['metadata', 'annotations'];
const MIRROR = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const INT32_MAX = 2 ** 31;

export function validatePodAnnotations(
  annotations: Readonly<Record<string, string>>,
  spec: PodSpec,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (key: string, value: string, why: string): void => {
    errors.push(atKey(PATH, key, invalid(PATH, value, why)));
  };
  const mirror = annotations[MIRROR];
  if (mirror !== undefined && !spec.nodeName)
    refuse(MIRROR, mirror, 'must set spec.nodeName if mirror pod annotation is set');
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) refuse(DELETION_COST, cost, 'must be a 32bit integer');
  for (const [key, value] of Object.entries(annotations))
    if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER))
      errors.push(...validateSeccompText(value, [...PATH, key]));
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(APPARMOR)) continue;
    const container = key.slice(APPARMOR.length);
    const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
    if (!containers.some(({ name }) => name === container)) refuse(key, container, 'container not found');
    if (!isAppArmorProfile(value)) refuse(key, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`);
  }
  return errors;
}

/** Neither a plus nor leading zeros. */
const isInt32 = (text: string): boolean =>
  /^(0|-?[1-9]\d{0,9})$/.test(text) && Number(text) >= -INT32_MAX && Number(text) < INT32_MAX;

const isAppArmorProfile = (text: string): boolean =>
  text === '' || text === 'runtime/default' || text === 'unconfined' || text.startsWith('localhost/');
