import type { KubeObject } from '../../sim/kube/objects.ts';

/** `12 Deployments, 12 Services`, in the order in which the kinds first occur. */
export function countWords(objects: readonly KubeObject[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`).join(', ');
}
