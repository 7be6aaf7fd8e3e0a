/** What the programs of pods have to do with an open, or a closed, port of a network namespace. */
import { type ClusterContainer, type ClusterPod, nsOfPod } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import type { NsId } from '../../linux/config.ts';
import type { Names } from './names.ts';

/** Of a packet: its protocol may be one without ports. */
interface Port {
  readonly proto: string;
  readonly port: number;
}

const isSame = (a: Port, b: Port): boolean => a.proto === b.proto && a.port === b.port;

/** Pods whose programs run in a namespace: the pod itself, or those on a node's own network. */
function podsIn({ cluster, pod, node }: Names, ns: NsId): readonly ClusterPod[] {
  const own = pod(ns);
  if (own) return own.hostNetwork ? [] : [own];
  return node(ns) ? cluster.pods.filter((one) => one.hostNetwork && nsOfPod(one) === ns) : [];
}

/** The container that would listen on this port, if it ran. */
export function missingContainer(names: Names, ns: NsId, port: Port): ClusterContainer | undefined {
  const isMissing = ({ state, ports }: ClusterContainer): boolean =>
    state !== 'Running' && state !== 'Completed' && ports.some((own) => isSame(own, port));
  return podsIn(names, ns)
    .flatMap(({ containers = [] }) => containers)
    .find(isMissing);
}

/** `container proxy is in CrashLoopBackOff (listen tcp :80: bind: address already in use)`; null where all of them run. */
export function troubleOf(pod: ClusterPod): string | null {
  const failed = pod.containers?.find(({ state }) => state === 'CrashLoopBackOff');
  return failed ? containerWords(failed) : null;
}

export const containerWords = ({ name, state, lastWords }: ClusterContainer): string =>
  state === 'PodInitializing'
    ? `container ${name} waits for an init container (${state})`
    : `container ${name} is in ${state}${lastWords === undefined ? '' : ` (${lastWords})`}`;

/** `container metrics of web on node-2`, `ingress, a pod on the host's network of node-1`, `web on node-2`, `node-1`. */
export function serverWords(names: Names, ns: NsId, port: Port | null): string {
  const place = names.ns(ns);
  const pod = names.pod(ns);
  if (pod === undefined) {
    const listener = port && names.node(ns)?.listens.find((one) => isSame(one, port));
    const onHost = listener?.pod === undefined ? undefined : indexOf(names.cluster).pod(listener.pod);
    return onHost ? `${onHost.name}, a pod on the host's network of ${place}` : place;
  }
  const isOne = (pod.containers ?? []).filter(({ state }) => state === 'Running').length < 2;
  const program = isOne || port === null ? undefined : pod.listens.find((one) => isSame(one, port))?.program;
  return `${program === undefined ? '' : `container ${program} of `}${place} on ${pod.node}`;
}
