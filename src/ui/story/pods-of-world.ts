import type { World } from '../../sim/engine/world.ts';
import { podNs } from '../../sim/kube/cluster.ts';
import { indexOf } from '../../sim/kube/cluster-index.ts';
import type { Probe } from '../../sim/scenario/probe.ts';

export const isThere = ({ cluster }: World, ref: string): boolean =>
  indexOf(cluster).pod(ref) !== undefined || cluster.waiting?.some((pod) => podNs(pod) === ref) === true;

/** The pod to tell of when nobody chose one: the one that has no network, else the one that sends, else any. */
export function firstPod(world: World, probe: Probe | null): string | null {
  const { pods, waiting = [] } = world.cluster;
  const sender = probe?.from.kind === 'pod' && isThere(world, probe.from.ref) ? probe.from.ref : null;
  const [any] = [...waiting, ...pods];
  return waiting.length === 0 && sender !== null ? sender : any ? podNs(any) : null;
}
