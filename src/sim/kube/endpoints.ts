/** The EndpointSlice controller: which pods stand behind a port of a Service. */

import type { Ip } from '../wire/ip.ts';
import type { Endpoint } from './cluster.ts';
import type { ServiceObject, ServicePortObject, WorkloadObject } from './objects.ts';

/** A placed pod with what its manifest says: the names of its ports are not part of a running pod's sockets. */
export interface SelectablePod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly ip: Ip;
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
  readonly workload: WorkloadObject;
}

/** Labelled things by namespace and label, so that a selector looks only at those that carry its rarest label. */
export type LabelIndex<T> = ReadonlyMap<string, readonly T[]>;

interface Labelled {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

const indexKey = (namespace: string, key: string, value: string): string => JSON.stringify([namespace, key, value]);

export function indexLabels<T extends Labelled>(items: readonly T[]): LabelIndex<T> {
  const index = new Map<string, T[]>();
  for (const item of items) {
    for (const [key, value] of Object.entries(item.labels)) {
      const at = indexKey(item.namespace, key, value);
      const list = index.get(at);
      if (list) list.push(item);
      else index.set(at, [item]);
    }
  }
  return index;
}

/** What carries every label of the selector. An empty selector selects nothing: its endpoints are somebody else's. */
export function selectedBy<T extends Labelled>(service: ServiceObject, index: LabelIndex<T>): readonly T[] {
  const wanted = Object.entries(service.selector ?? {});
  if (wanted.length === 0 || service.type === 'ExternalName') return [];
  const carriers = wanted.map(([key, value]) => index.get(indexKey(service.namespace, key, value)) ?? []);
  const rarest = carriers.reduce((a, b) => (b.length < a.length ? b : a));
  return rarest.filter(({ labels }) =>
    wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value),
  );
}

/**
 * Endpoints of one port, sorted as kube-proxy sorts them: by the text `ip:port`. A pod that has no container port of the wanted name
 * is left out (podutil.FindPort). Conditions as in endpointslice/utils.go, podToEndpoint.
 */
export function endpointsOf(
  service: ServiceObject,
  port: ServicePortObject,
  selected: readonly SelectablePod[],
): readonly Endpoint[] {
  const found: { readonly text: string; readonly endpoint: Endpoint }[] = [];
  for (const pod of selected) {
    const number = targetPortOf(port, pod.workload);
    if (number === null) continue;
    const endpoint = {
      ip: pod.ip,
      port: number,
      node: pod.node,
      ready: pod.ready || service.publishNotReadyAddresses === true,
      serving: pod.ready,
      terminating: false,
      pod: `${pod.namespace}/${pod.name}`,
    };
    found.push({ text: `${pod.ip}:${number}`, endpoint });
  }
  return found.sort((a, b) => (a.text < b.text ? -1 : 1)).map(({ endpoint }) => endpoint);
}

/** A named target port is looked up in each pod, so pods may differ; null where this pod has none of that name and protocol. */
function targetPortOf({ port, targetPort, protocol = 'TCP' }: ServicePortObject, pod: WorkloadObject): number | null {
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return port;
  if (typeof targetPort === 'number') return targetPort;
  for (const container of pod.containers) {
    for (const candidate of container.ports) {
      if (candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol) return candidate.containerPort;
    }
  }
  return null;
}
