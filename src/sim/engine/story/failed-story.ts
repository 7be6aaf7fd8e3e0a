/** The story of a pod that waits on its node: up to where it went wrong. */
import { must } from '../../base/assert.ts';
import type { PluginCall } from '../../drivers/contract.ts';
import { sandboxId } from '../../drivers/parts/sandbox-id.ts';
import { cniById } from '../../drivers/registry.ts';
import { type ClusterPod, podNs, type WaitingPod } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import type { World } from '../world.ts';
import { jsonText } from './json-text.ts';
import { bindStep, callStep, confStep, sandboxStep, type Told } from './steps.ts';
import type { PodStory, StoryStep } from './story.ts';

/** Up to the plugin that has no address to give. Nothing of the plugins before it is left: the runtime calls DEL and tries again. */
export function failedStory(world: World, waiting: WaitingPod): PodStory {
  const { cluster, cni } = world;
  const node = must(indexOf(cluster).node(waiting.node), 'the node of the pod');
  const pod: ClusterPod = { ...waiting, ip: node.ip, labels: {}, listens: [], ready: false };
  if (node.notReady !== undefined) {
    const steps = [bindStep(pod), noConfStep(pod, node.notReady), notStartedStep(pod, waiting.error)];
    return { pod: podNs(waiting), node: waiting.node, steps };
  }
  const add = cniById(cni.id).add(cluster, node, pod, cni.mode, {});
  const at = add.calls.findIndex(({ isIpam }) => isIpam);
  const told = { pod, node, add, before: cluster, lines: [] };
  const calls = add.calls.slice(0, at + 1).map((call) => failedCall(told, call, waiting.error));
  return {
    pod: podNs(waiting),
    node: waiting.node,
    steps: [bindStep(pod), sandboxStep(pod), confStep(told), ...calls, retryStep(world, told, waiting.error)],
  };
}

function noConfStep({ node }: ClusterPod, condition: string): StoryStep {
  return {
    id: 'conf',
    actor: 'containerd',
    place: node,
    depth: 0,
    title: 'finds no CNI configuration',
    sentence: `There is no valid file in /etc/cni/net.d on ${node}, so containerd reports that its network is not ready, kubelet sets the node's Ready condition to False, and the node gets the taint node.kubernetes.io/not-ready: the scheduler sends no pods here.`,
    evidence: [{ title: `kubectl get node ${node} -o jsonpath={.status.conditions}`, text: condition }],
    appears: [],
    failed: true,
  };
}

/** pkg/kubelet/kubelet.go `SyncPod`: only pods on the host's network are started. */
function notStartedStep({ node, name }: ClusterPod, error: string): StoryStep {
  return {
    id: 'retry',
    actor: 'kubelet',
    place: node,
    depth: 0,
    title: 'ContainerCreating',
    sentence: `kubelet starts no pod that needs a network, and does not even ask for a sandbox. The pod waits until the file is back; pods that stand keep theirs.`,
    evidence: [{ title: `kubectl describe pod ${name}: Warning NetworkNotReady`, text: error }],
    appears: [],
    failed: true,
  };
}

/** Code 999 is what `skel` gives to errors without one (containernetworking/cni, pkg/types `ErrInternal`). */
const INTERNAL_ERROR = 999;

function failedCall(told: Told, call: PluginCall, error: string): StoryStep {
  const stdin = { title: 'stdin', text: jsonText(call.stdin) };
  const step = { ...callStep(told, call, []), evidence: [stdin] };
  if (!call.isIpam) return step;
  const answer = { cniVersion: '1.0.0', code: INTERNAL_ERROR, msg: error };
  return {
    ...step,
    title: 'answers with an error',
    sentence: `${call.plugin} cannot give the pod an address, and answers with an error instead of a result. Whoever called it hands the error on.`,
    evidence: [{ title: 'stdout', text: jsonText(answer) }, stdin],
    failed: true,
  };
}

function retryStep({ stoppedAgents = [] }: World, { pod, add }: Told, error: string): StoryStep {
  const stopped = stoppedAgents.find(({ node }) => node === pod.node);
  const until = stopped
    ? `${stopped.label} runs again: start it on ${pod.node}`
    : `an address is free: delete a pod on ${pod.node}, or use a larger range`;
  const outer = add.calls.find(({ caller }) => caller === 'containerd')?.plugin ?? '';
  const network = add.conf.json as { readonly name?: string };
  const message = `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${sandboxId(pod)}": plugin type="${outer}" name="${network.name ?? ''}" failed (add): ${error}`;
  return {
    id: 'retry',
    actor: 'kubelet',
    place: pod.node,
    depth: 0,
    title: 'ContainerCreating',
    sentence: `containerd removes the sandbox again. The pod stays in ContainerCreating, and kubelet tries anew until ${until}.`,
    evidence: [{ title: `kubectl describe pod ${pod.name}: Warning FailedCreatePodSandBox`, text: message }],
    appears: [],
    failed: true,
  };
}
