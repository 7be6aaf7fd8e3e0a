/** Names of pods as their controllers make them, but from names alone: the same object always gets the same pods. */
import { hash32, makeRng } from '../base/rng.ts';
import type { WorkloadObject } from './objects.ts';

/** No vowels and nothing that looks like another letter (k8s.io/apimachinery/pkg/util/rand). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
/** `generateName` is cut so that the name with its suffix is a valid label (apiserver/pkg/storage/names). */
const GENERATED_BASE_MAX = 58;

/**
 * `rand.SafeEncodeString` over the decimal hash: the form of `pod-template-hash`.
 * SIMPLIFIED: the real hash covers the pod template, so a changed template renames the pods; here they keep their names.
 */
export function templateHash(workload: WorkloadObject): string {
  const digits = String(hash32(`${workload.namespace}/${workload.name}`));
  return [...digits].map((digit) => letter(digit.charCodeAt(0))).join('');
}

/**
 * The name for one place of a workload: `slot` is a replica's number or a DaemonSet's node. `attempt` counts the names that this
 * place used before (deleted pods, collisions); bare Pods and StatefulSets have one name only.
 */
export function podName(workload: WorkloadObject, slot: string, attempt: number): string {
  if (workload.kind === 'Pod') return workload.name;
  if (workload.kind === 'StatefulSet') return `${workload.name}-${slot}`;
  const hash = workload.kind === 'Deployment' ? `${templateHash(workload)}-` : '';
  const base = `${workload.name}-${hash}`.slice(0, GENERATED_BASE_MAX);
  return base + suffix(`${workload.kind} ${workload.namespace}/${workload.name} ${slot} ${attempt}`);
}

/** False where the name is fixed, so that a second pod of that name cannot be made. */
export const hasGeneratedName = (workload: WorkloadObject): boolean =>
  workload.kind !== 'Pod' && workload.kind !== 'StatefulSet';

/** Labels that the controllers add to what the template says. */
export function podLabels(workload: WorkloadObject, name: string): Readonly<Record<string, string>> {
  if (workload.kind === 'Deployment') return { ...workload.labels, 'pod-template-hash': templateHash(workload) };
  if (workload.kind === 'StatefulSet') return { ...workload.labels, 'statefulset.kubernetes.io/pod-name': name };
  if (workload.kind === 'Job') return { ...workload.labels, 'job-name': workload.name };
  return workload.labels;
}

function suffix(key: string): string {
  const rng = makeRng(hash32(key));
  return Array.from({ length: SUFFIX_LENGTH }, () => letter(rng.int(0, ALPHABET.length - 1))).join('');
}

const letter = (n: number): string => ALPHABET.charAt(n % ALPHABET.length);
