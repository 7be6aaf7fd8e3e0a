/** What became of the pods that were placed: which of their programs run, on which ports, and who is ready. */
import { must } from '../base/assert.ts';
import { parseIp } from '../wire/ip.ts';
import type { ClusterNode, ClusterPod, Listening } from './cluster.ts';
import type { ClusterInput, ClusterNote, StoppedListener } from './cluster-input.ts';
import { indexLabels, type SelectablePod, selectedBy } from './endpoints.ts';
import { hostPortsOf, unmappedNotes } from './host-ports.ts';
import { listeningOf, type PodListening, portKey } from './listening.ts';
import type { ServiceObject, WorkloadObject } from './objects.ts';
import { objectRef } from './objects-merge.ts';
import type { PlacedPod } from './placement.ts';
import { podLabels } from './pod-names.ts';

export interface Running {
  readonly pods: readonly ClusterPod[];
  /** Pods behind each Service, in the order of the Services. */
  readonly selected: readonly (readonly SelectablePod[])[];
  /** What pods on the host's network listen on, by node. */
  readonly onNodes: ReadonlyMap<string, readonly Listening[]>;
  readonly notes: readonly ClusterNote[];
}

export function runPods(
  placed: readonly PlacedPod[],
  services: readonly ServiceObject[],
  nodes: readonly ClusterNode[],
  input: ClusterInput,
): Running {
  const isReady = readinessOf(input.readiness ?? []);
  const candidates = placed.map((pod) => toSelectable(pod, isReady));
  const index = indexLabels(candidates);
  const wanted = services.map((service) => selectedBy(service, index));
  const started = startPods(candidates, servicesByPod(candidates, services, wanted), nodes);
  const stop = stopListeners(input.stoppedListeners);
  // Whatever is said of its probe, a pod whose container does not run is not ready.
  const now = new Map(
    candidates.map((pod) => [pod, { ...pod, ready: pod.ready && runs(started.get(pod)?.containers ?? []) }]),
  );
  const onNodes = new Map<string, Listening[]>();
  const pods = candidates.map((candidate) => {
    const pod = toClusterPod(now.get(candidate) ?? candidate, started.get(candidate), stop);
    if (pod.hostNetwork) onNodes.set(pod.node, [...(onNodes.get(pod.node) ?? []), ...pod.listens]);
    return pod;
  });
  const notes = [...started].flatMap(([{ workload }, { notes: told }]) => [
    ...told,
    ...unmappedNotes(objectRef(workload), workload),
  ]);
  return { pods, selected: wanted.map((list) => list.map((pod) => now.get(pod) ?? pod)), onNodes, notes };
}

const runs = (containers: PodListening['containers']): boolean =>
  containers.every(({ state }) => state === 'Running' || state === 'Completed');

type IsReady = (pod: PlacedPod) => boolean;

/** What was set last for the pod or its workload; else what the manifest says. */
function readinessOf(readiness: NonNullable<ClusterInput['readiness']>): IsReady {
  return ({ workload, name }) => {
    const { namespace, ready = true } = workload;
    const refs = [`${namespace}/${name}`, objectRef(workload), `${namespace}/${workload.name}`];
    return readiness.findLast(({ ref }) => refs.includes(ref))?.ready ?? ready;
  };
}

function toSelectable(pod: PlacedPod, isReady: IsReady): SelectablePod {
  const { workload, name, node, ips } = pod;
  const { namespace } = workload;
  return { namespace, name, node, ips, labels: podLabels(workload, name), ready: isReady(pod), workload };
}

function servicesByPod(
  pods: readonly SelectablePod[],
  services: readonly ServiceObject[],
  selected: readonly (readonly SelectablePod[])[],
): ReadonlyMap<SelectablePod, readonly ServiceObject[]> {
  const found = new Map<SelectablePod, ServiceObject[]>(pods.map((pod) => [pod, []]));
  for (const [at, service] of services.entries()) for (const pod of selected[at] ?? []) found.get(pod)?.push(service);
  return found;
}

/** Pods in the order of their creation. Those on the host's network share the node's ports with its own programs, and with each other. */
function startPods(
  pods: readonly SelectablePod[],
  servicesOf: ReadonlyMap<SelectablePod, readonly ServiceObject[]>,
  nodes: readonly ClusterNode[],
): ReadonlyMap<SelectablePod, PodListening> {
  const taken = new Map(
    nodes.map(({ name, listens }) => [
      name,
      new Map(listens.map((one) => [portKey(one), `${one.program} of ${name}`])),
    ]),
  );
  const started = new Map<SelectablePod, PodListening>();
  for (const pod of pods) {
    const { workload, node, namespace, name } = pod;
    const onHost = workload.hostNetwork ? taken.get(node) : undefined;
    const listening = listeningOf(objectRef(workload), workload, servicesOf.get(pod) ?? [], onHost);
    started.set(pod, listening);
    for (const one of listening.listens)
      onHost?.set(portKey(one), `${one.program} of Pod ${namespace}/${name} on the host's network`);
  }
  return started;
}

type Stop = (ns: string, listens: readonly Listening[]) => readonly Listening[];

/** Marks what was stopped by hand in a network namespace. */
export function stopListeners(stopped: readonly StoppedListener[]): Stop {
  const keyOf = (ns: string, { proto, port }: { proto: string; port: number }): string => `${ns} ${proto} ${port}`;
  const keys = new Set(stopped.map((listener) => keyOf(listener.ns, listener)));
  return (ns, listens) =>
    keys.size === 0 ? listens : listens.map((one) => (keys.has(keyOf(ns, one)) ? { ...one, up: false } : one));
}

function toClusterPod(pod: SelectablePod, listening: PodListening | undefined, stop: Stop): ClusterPod {
  const { namespace, name, node, ips, labels, ready, workload } = pod;
  const ref = `${namespace}/${name}`;
  const { listens = [], containers = [] } = listening ?? {};
  const hostPorts = hostPortsOf(workload);
  return {
    namespace,
    name,
    node,
    ip: must(ips[0], 'an address'),
    ...(ips.length > 1 && { ips }),
    labels,
    listens: workload.hostNetwork
      ? stop(
          node,
          listens.map((one) => ({ ...one, pod: ref })),
        )
      : stop(ref, listens),
    ready,
    ...(workload.hostNetwork ? { hostNetwork: true as const } : {}),
    ...(hostPorts.length > 0 ? { hostPorts } : {}),
    containers,
    owner: objectRef(workload),
    ...dnsOf(workload),
  };
}

/** What its resolver is set up with, where the manifest says something. */
function dnsOf({ dnsPolicy, dnsConfig }: WorkloadObject): Pick<ClusterPod, 'dnsPolicy' | 'dnsConfig'> {
  const nameservers = (dnsConfig?.nameservers ?? []).flatMap((text) => {
    const address = parseIp(text);
    return address.ok ? [address.value] : [];
  });
  return {
    ...(dnsPolicy === undefined ? {} : { dnsPolicy }),
    ...(dnsConfig === undefined ? {} : { dnsConfig: { ...dnsConfig, nameservers } }),
  };
}
