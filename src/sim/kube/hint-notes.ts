/** What a person should know about hints that were asked for and change nothing. */
import type { ClusterNode } from './cluster.ts';
import type { ClusterNote } from './cluster-input.ts';
import type { Backing } from './endpoints.ts';
import { nearOf } from './hinted.ts';
import type { ServiceObject } from './objects.ts';
import { objectRef } from './objects-merge.ts';

export function hintNotes(
  service: ServiceObject,
  { pods, event }: Backing,
  nodes: readonly ClusterNode[],
): ClusterNote[] {
  const { trafficDistribution: asked, topologyMode } = service;
  const note = (text: string): ClusterNote => ({ kind: 'ignored', ref: objectRef(service), text });
  const notes = event === null ? [] : [note(event)];
  if (asked === undefined) return notes;
  const field = `spec.trafficDistribution: ${asked}`;
  if (topologyMode !== undefined)
    return [...notes, note(`${field}: the annotation service.kubernetes.io/topology-mode goes before it`)];
  const endpoints = pods.map(({ pod, topology }) => ({ ready: pod.ready, ...topology }));
  const isHeard = nodes.some(({ name, zone = '' }) => nearOf(endpoints, { name, zone }) !== null);
  if (isHeard || endpoints.every(({ ready }) => !ready)) return notes;
  return [...notes, note(`${field}: the nodes of its endpoints have no zones, so all endpoints are used alike`)];
}
