/** The first steps of every story, whether it ends well or not. */
import type { PluginCall, PodAdd } from '../../drivers/contract.ts';
import { addEnvironment, netnsPath, podUid } from '../../drivers/parts/sandbox.ts';
import { type Cluster, type ClusterNode, type ClusterPod, podNs } from '../../kube/cluster.ts';
import { jsonText } from './json-text.ts';
import type { PlanLine } from './plan-changes.ts';
import type { StoryEvidence, StoryStep } from './story.ts';

export interface Told {
  readonly pod: ClusterPod;
  readonly node: ClusterNode;
  readonly add: PodAdd;
  readonly before: Cluster;
  /** What the CNI wrote because of the pod: in its namespace, on its node, on the others. */
  readonly lines: readonly PlanLine[];
}

export function bindStep(pod: ClusterPod): StoryStep {
  const { namespace, name, node } = pod;
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { namespace, name, uid: podUid(pod) },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  return {
    id: 'bind',
    actor: 'kube-scheduler',
    place: 'control plane',
    depth: 0,
    title: `bound to ${node}`,
    sentence: `${pod.owner.startsWith('Pod ') ? 'The pod is stored in the API server' : `${pod.owner} wants a pod, so its controller stores one in the API server`}. kube-scheduler chooses ${node} and writes that down; nothing has been started yet.`,
    evidence: [{ title: `POST /api/v1/namespaces/${namespace}/pods/${name}/binding`, text: jsonText(binding) }],
    appears: [],
  };
}

export function sandboxStep(pod: ClusterPod): StoryStep {
  const ns = podNs(pod);
  return {
    id: 'sandbox',
    actor: 'containerd',
    place: pod.node,
    depth: 0,
    title: 'empty network namespace',
    sentence: `kubelet on ${pod.node} sees by its watch that the pod is for this node, and asks containerd for a sandbox (CRI RunPodSandbox). containerd makes a network namespace with nothing in it but lo. No container runs yet.`,
    evidence: [
      { title: 'bind mount of the namespace', text: netnsPath(pod) },
      { title: `ip -n ${netnsPath(pod).replace('/var/run/netns/', '')} -o -d link`, text: LOOPBACK },
    ],
    appears: [{ kind: 'ns', ns }],
  };
}

const LOOPBACK = 'lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN link/loopback 00:00:00:00:00:00';

export function confStep({ pod, add }: Told): StoryStep {
  const environment = Object.entries(addEnvironment(pod)).map(([key, value]) => `${key}=${value}`);
  const first = add.calls[0]?.plugin ?? '';
  return {
    id: 'conf',
    actor: 'containerd',
    place: pod.node,
    depth: 0,
    title: 'reads the CNI configuration',
    sentence: `containerd takes the first valid file of /etc/cni/net.d and will run its plugins in order, each with these variables and its configuration on stdin. The first is ${first}.`,
    evidence: [
      { title: add.conf.path, text: jsonText(add.conf.json) },
      { title: 'environment of every plugin', text: environment.join('\n') },
    ],
    appears: [],
  };
}

export function callStep({ pod, add }: Told, call: PluginCall, made: readonly PlanLine[]): StoryStep {
  return {
    id: `call ${call.plugin}`,
    actor: call.plugin,
    place: pod.node,
    depth: depthOf(add, call),
    title: call.caller === 'containerd' ? 'CNI ADD' : `CNI ADD, called by ${call.caller}`,
    sentence: call.does,
    evidence: [
      ...linesEvidence(made),
      { title: 'stdin', text: jsonText(call.stdin) },
      { title: 'stdout', text: jsonText(call.stdout) },
    ],
    appears: thingsOf(made),
  };
}

function depthOf({ calls }: PodAdd, call: PluginCall): number {
  const caller = calls.find(({ plugin }) => plugin === call.caller);
  return caller && caller !== call ? 1 + depthOf({ calls } as PodAdd, caller) : 1;
}

export function linesEvidence(lines: readonly PlanLine[]): StoryEvidence[] {
  const groups = new Map<string, string[]>();
  for (const { ns, tool, line } of lines) {
    const title = `${tool} on ${ns}`;
    groups.set(title, [...(groups.get(title) ?? []), line]);
  }
  return Array.from(groups, ([title, own]) => ({ title, text: own.join('\n') }));
}

export const thingsOf = (lines: readonly PlanLine[]): StoryStep['appears'] => lines.flatMap(({ thing }) => thing ?? []);
