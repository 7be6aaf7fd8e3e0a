import type { ClusterChange } from './cluster-input.ts';
import type { KubeObject, WorkloadObject } from './objects.ts';
import { isPolicy } from './policy-objects.ts';

/** `Deployment default/web`; `Namespace shop` for an object without a namespace. */
export const objectRef = (object: KubeObject): string =>
  'namespace' in object ? `${object.kind} ${object.namespace}/${object.name}` : `${object.kind} ${object.name}`;

export const isWorkload = (object: KubeObject): object is WorkloadObject =>
  object.kind !== 'Service' && object.kind !== 'Namespace' && !isPolicy(object);

/** True where `replicas` means something: a Pod is one, a DaemonSet has one for each node. */
export const isScalable = (object: KubeObject): object is WorkloadObject =>
  isWorkload(object) && object.kind !== 'Pod' && object.kind !== 'DaemonSet';

/** `kubectl apply`: an object of the same kind and name is replaced where it stands, a new one comes last. */
export function mergeObjects(standing: readonly KubeObject[], applied: readonly KubeObject[]): readonly KubeObject[] {
  const byRef = new Map<string, KubeObject>();
  for (const object of [...standing, ...applied]) byRef.set(objectRef(object), object);
  return [...byRef.values()];
}

const isMeant = (object: KubeObject, ref: string): boolean =>
  objectRef(object) === ref || objectRef(object) === `${object.kind} ${ref}`;

/** `ref` is `Deployment default/web`, or `default/web` for every workload of that name. */
export function scalableObjects(objects: readonly KubeObject[], ref: string): readonly WorkloadObject[] {
  return objects.filter(isScalable).filter((object) => isMeant(object, ref));
}

/** `ref` as above. */
export function scaleObjects(objects: readonly KubeObject[], ref: string, replicas: number): readonly KubeObject[] {
  return objects.map((object) => (isScalable(object) && isMeant(object, ref) ? { ...object, replicas } : object));
}

/** The objects after a change. Deleting a pod changes no object: its controller still wants as many as before. */
export function changeObjects(objects: readonly KubeObject[], change: ClusterChange): readonly KubeObject[] {
  if (change.type === 'ManifestsApplied') return mergeObjects(change.replace ? [] : objects, change.objects);
  if (change.type === 'WorkloadScaled') return scaleObjects(objects, change.ref, change.replicas);
  return objects;
}
