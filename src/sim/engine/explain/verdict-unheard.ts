/** The CNI's daemon of a node was stopped, and has not heard of one of the ends: whatever dropped the packet did so for that reason. */
import { type Cluster, podNs } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import type { StoppedAgent } from '../world.ts';
import { podName } from './names.ts';
import type { Case, Finding } from './verdict-case.ts';

/** `found`: what the verdict would be otherwise. */
export function findUnheard(c: Case, found: Finding): Finding | null {
  const visited = new Set(c.steps.map(({ ns }) => ns));
  for (const agent of c.world.stoppedAgents ?? []) {
    const news = visited.has(agent.node) ? newsOf(c, agent) : null;
    if (news === null) continue;
    return {
      ...found,
      sentence: `${found.sentence} ${agent.label} on ${agent.node} is stopped and has not heard of ${news}.`,
      remedy: `Start ${agent.label} on ${agent.node} again: it writes what is missing there.`,
    };
  }
  return null;
}

/** An end of the packet, or the node of one, that came after the stop. */
function newsOf(c: Case, { cluster }: StoppedAgent): string | null {
  if (!cluster) return null;
  const target = c.translated?.after.dst ?? c.asked?.ip;
  const ends = [c.names.pod(c.from), target === undefined ? undefined : c.names.podAt(target)];
  for (const pod of ends) {
    if (!pod) continue;
    if (!isKnown(cluster, pod.node)) return `Node ${pod.node}`;
    const before = indexOf(cluster).pod(podNs(pod));
    if (before?.ip !== pod.ip) return podName(pod);
  }
  return null;
}

const isKnown = (cluster: Cluster, node: string): boolean => indexOf(cluster).node(node) !== undefined;
