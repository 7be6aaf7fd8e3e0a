/**
 * The story of a pod, told from what the drivers write: the configuration of every node with the pod is compared with the same one
 * without it. Order of events: containerd 2.1 (internal/cri/server/sandbox_run.go), CNI spec 1.1.0, kubelet 1.35.
 */
import { must } from '../../base/assert.ts';
import type { Afterwards, NodePlan, PluginCall } from '../../drivers/contract.ts';
import { sandboxId } from '../../drivers/parts/sandbox-id.ts';
import { cniById, proxyById } from '../../drivers/registry.ts';
import { type Cluster, type ClusterPod, onPodNetwork, podNs } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import { ruleDiff } from '../rule-diff.ts';
import { withStoppedAgents } from '../stopped-agents.ts';
import type { World } from '../world.ts';
import { failedStory } from './failed-story.ts';
import { jsonText } from './json-text.ts';
import { addedLines, type PlanLine, planLines } from './plan-changes.ts';
import { bindStep, callStep, confStep, linesEvidence, sandboxStep, type Told, thingsOf } from './steps.ts';
import type { PodStory, StoryStep } from './story.ts';
import { withoutPod } from './without-pod.ts';

/** Null: there is no such pod. */
export function podStory(world: World, ref: string): PodStory | null {
  const pod = indexOf(world.cluster).pod(ref);
  if (pod) return pod.hostNetwork ? hostStory(world, pod) : storyOf(world, pod);
  const waiting = world.cluster.waiting?.find((one) => podNs(one) === ref);
  return waiting ? failedStory(world, waiting) : null;
}

function storyOf(world: World, pod: ClusterPod): PodStory {
  const ref = podNs(pod);
  const told = tell(world, pod);
  const claimed = new Set<PlanLine>();
  const claim = (pick: (line: PlanLine) => boolean): PlanLine[] => {
    const own = told.lines.filter((line) => !claimed.has(line) && pick(line));
    for (const line of own) claimed.add(line);
    return own;
  };
  // Nobody signs a sysctl: it goes with the first plugin that made something.
  const writtenBy = ({ plugin, signs }: PluginCall): readonly PlanLine[] => {
    const own = claim((line) => signs !== undefined && line.by === signs && line.ns === ref);
    own.push(...claim(({ by }) => by?.split(' ')[0] === plugin));
    return own.length === 0 ? own : [...own, ...claim(({ by }) => by === null)];
  };
  const calls = told.add.calls.map((call) => callStep(told, call, writtenBy(call)));
  const afterwards = told.add.afterwards.flatMap((after) => {
    const isHere = after.where === 'this node';
    const own = claim((line) => line.by?.split(' ')[0] === after.by && (line.ns === pod.node) === isHere);
    const stopped = stoppedHere(world, told, after);
    if (stopped) return [stopped];
    return isHere && own.length === 0 ? [] : [afterwardsStep(told, after, own)];
  });
  const rest = claim(() => true);
  return {
    pod: ref,
    node: pod.node,
    steps: [
      bindStep(pod),
      sandboxStep(pod),
      confStep(told),
      ...calls,
      startStep(told, rest),
      ...afterwards,
      endpointsStep(world, told),
    ],
  };
}

function tell({ cluster, cni, stoppedAgents = [] }: World, pod: ClusterPod): Told {
  const driver = withStoppedAgents(cniById(cni.id), stoppedAgents);
  const before = withoutPod(cluster, pod);
  const node = must(indexOf(cluster).node(pod.node), 'the node of the pod');
  const plan = (of: Cluster, name: string): NodePlan =>
    driver.plan(onPodNetwork(of), must(indexOf(of).node(name), name), cni.mode, {});
  const own = plan(cluster, pod.node).pods?.get(podNs(pod)) ?? {};
  const onNodes = cluster.nodes.flatMap(({ name }) =>
    addedLines(name, plan(before, name).node, plan(cluster, name).node, driver.bpf?.maps),
  );
  return {
    pod,
    node,
    add: driver.add(cluster, node, pod, cni.mode, {}),
    before,
    lines: [...planLines(podNs(pod), own), ...onNodes],
  };
}

/** On the host's network: no namespace is made and no plugin is called (internal/cri/server/sandbox_run.go, `hostNetwork`). */
function hostStory(world: World, pod: ClusterPod): PodStory {
  const { cluster } = world;
  const node = must(indexOf(cluster).node(pod.node), 'the node of the pod');
  const status = { hostIP: node.ip, podIP: node.ip, podIPs: [{ ip: node.ip }], phase: 'Running' };
  const spec = { hostNetwork: true, containers: (pod.containers ?? []).map(({ name }) => ({ name })) };
  const step = { place: pod.node, depth: 0, appears: [] };
  return {
    pod: podNs(pod),
    node: pod.node,
    steps: [
      bindStep(pod),
      {
        ...step,
        id: 'sandbox',
        actor: 'containerd',
        title: 'no network namespace of its own',
        sentence: `kubelet on ${pod.node} sees that the pod is for this node, and asks containerd for a sandbox with the network mode NODE. So containerd makes no network namespace and calls no CNI plugin: the pod would run even where no CNI is installed.`,
        evidence: [{ title: `kubectl get pod ${pod.name} -o jsonpath={.spec}`, text: jsonText(spec) }],
      },
      {
        ...step,
        id: 'start',
        actor: 'kubelet',
        title: `running with ${pod.ip}`,
        sentence: `The containers start among the node's own programs and share its ports with them. kubelet publishes the node's address as status.podIP.`,
        evidence: [{ title: `kubectl get pod ${pod.name} -o jsonpath={.status}`, text: jsonText(status) }],
      },
      endpointsStep(world, { pod, node, before: withoutPod(cluster, pod) }),
    ],
  };
}

function startStep({ pod, node, add }: Told, rest: readonly PlanLine[]): StoryStep {
  const status = {
    hostIP: node.ip,
    podIP: pod.ip,
    podIPs: [{ ip: pod.ip }],
    phase: 'Running',
    containerStatuses: [{ ready: pod.ready, containerID: `containerd://${sandboxId(pod).slice(0, 12)}…` }],
  };
  const last = add.calls.filter(({ caller }) => caller === 'containerd').at(-1)?.plugin ?? 'the last plugin';
  return {
    id: 'start',
    actor: 'kubelet',
    place: pod.node,
    depth: 0,
    title: `running with ${pod.ip}`,
    sentence: `The result of ${last} names the address. Now the pause container starts and holds the namespace open, the pod's containers join it, and kubelet publishes ${pod.ip} as status.podIP.`,
    evidence: [
      ...linesEvidence(rest),
      { title: `kubectl get pod ${pod.name} -o jsonpath={.status}`, text: jsonText(status) },
    ],
    appears: thingsOf(rest),
  };
}

function afterwardsStep({ pod }: Told, { by, where, how }: Afterwards, made: readonly PlanLine[]): StoryStep {
  const others = new Set(made.map(({ ns }) => ns));
  const isHere = where === 'this node';
  const [shown] = others;
  const more = others.size > 1 ? ` Here of ${shown}; the same on ${others.size - 1} more.` : '';
  return {
    id: `${by} ${where}`,
    actor: by,
    place: isHere ? pod.node : 'other nodes',
    depth: 0,
    title: isHere ? 'writes what the pod needs here' : made.length === 0 ? 'nothing to learn' : 'the others learn',
    sentence: how + more,
    evidence: linesEvidence(isHere ? made : made.filter(({ ns }) => ns === shown)),
    appears: thingsOf(made),
  };
}

/** The daemon of this node was stopped before the pod came. */
function stoppedHere(world: World, { pod }: Told, { by, where }: Afterwards): StoryStep | null {
  const stopped = world.stoppedAgents?.find(({ node }) => node === pod.node);
  if (!stopped || where !== 'this node' || (stopped.cluster && indexOf(stopped.cluster).pod(podNs(pod)))) return null;
  return {
    id: `${by} stopped`,
    actor: by,
    place: pod.node,
    depth: 0,
    title: 'is stopped',
    sentence: `${stopped.label} on ${pod.node} is stopped: it has not heard of the pod, and writes nothing for it. What stood before goes on working. Start it again, and it catches up.`,
    evidence: [],
    appears: [],
    failed: true,
  };
}

function endpointsStep(world: World, { pod, node, before }: Pick<Told, 'pod' | 'node' | 'before'>): StoryStep {
  const ref = podNs(pod);
  const chosen = world.cluster.services.filter(({ ports }) =>
    ports.some(({ endpoints }) => endpoints.some((one) => one.pod === ref)),
  );
  const names = chosen.map(({ namespace, name }) => `Service ${namespace}/${name}`);
  const step = { id: 'endpoints', actor: 'kube-controller-manager', place: 'control plane', depth: 0, appears: [] };
  if (chosen.length === 0) {
    const sentence = 'No Service selects the pod: no EndpointSlice names it, and no proxy writes anything for it.';
    return { ...step, title: 'no Service', sentence, evidence: [] };
  }
  const added = proxyLines(world, before, node.name);
  const proxy = proxyById(world.proxy.id);
  const written =
    added.length === 0 ? 'no proxy writes anything for it' : `${proxy.label} on every node writes it down`;
  const ready = pod.ready ? 'is ready' : 'is not ready yet, so it is listed as such';
  return {
    ...step,
    title: 'an endpoint',
    sentence: `The pod ${ready}: the EndpointSlice controller adds ${pod.ip} to ${names.join(', ')}, and ${written}.`,
    evidence:
      added.length === 0 ? [] : [{ title: `what ${proxy.label} added on ${node.name}`, text: added.join('\n') }],
  };
}

/** Nothing of a stopped proxy: it has not heard of the pod. */
function proxyLines(world: World, before: Cluster, node: string): readonly string[] {
  if (world.stoppedProxies?.some((one) => one.node === node)) return [];
  const proxy = proxyById(world.proxy.id);
  const planned = proxy.plan(before, must(indexOf(before).node(node), node), world.proxy.mode);
  return ruleDiff({ ...world, proxyPlans: new Map([[node, planned]]) }, world, node).added;
}
