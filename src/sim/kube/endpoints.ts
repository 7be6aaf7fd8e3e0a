/** The EndpointSlice controller: which pods stand behind a port of a Service. */

import { familyOf, type Ip } from '../wire/ip.ts';
import type { ClusterNode, Endpoint } from './cluster.ts';
import { type Hints, hintsFor } from './endpoint-hints.ts';
import type { Family } from './families.ts';
import type { ServiceObject, ServicePortObject, WorkloadObject } from './objects.ts';

/** A placed pod with what its manifest says: the names of its ports are not part of a running pod's sockets. */
export interface SelectablePod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** One of each family of the cluster. */
  readonly ips: readonly Ip[];
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

/** The pods behind a Service, with what its EndpointSlices say of each beside its ports. */
export interface Backing {
  readonly pods: readonly { readonly pod: SelectablePod; readonly topology: Topology }[];
  /** What the controller reports of the hints that it does not give. */
  readonly event: string | null;
}

type Topology = Hints & Pick<Endpoint, 'zone'>;

export function backingOf(
  service: ServiceObject,
  selected: readonly SelectablePod[],
  nodes: ReadonlyMap<string, ClusterNode>,
): Backing {
  const unhinted = selected.map((pod) => ({
    ready: isReady(service, pod),
    node: pod.node,
    zone: nodes.get(pod.node)?.zone,
  }));
  // Most Services ask for nothing, and there may be ten thousand of them.
  const isAsked = service.trafficDistribution !== undefined || service.topologyMode !== undefined;
  const given = isAsked ? hintsFor(service, unhinted, [...nodes.values()]) : null;
  const pods = selected.map((pod, at) => {
    const zone = unhinted[at]?.zone;
    return { pod, topology: { ...(zone === undefined ? {} : { zone }), ...given?.hints[at] } };
  });
  return { pods, event: given?.event ?? null };
}

const isReady = ({ publishNotReadyAddresses }: ServiceObject, { ready }: SelectablePod): boolean =>
  ready || publishNotReadyAddresses === true;

/** Endpoints of one port: one EndpointSlice for each family of the Service, as the controller makes them (reconciler.go, `addressType`). */
export function endpointsOf(
  service: ServiceObject,
  port: ServicePortObject,
  backing: Backing,
  families: readonly Family[],
): readonly Endpoint[] {
  return families.flatMap((family) => endpointsIn(service, port, backing, family));
}

/**
 * Sorted as kube-proxy sorts them: by the text `ip:port`. A pod that has no container port of the wanted name, or no address of the
 * family, is left out (podutil.FindPort, getEndpointAddresses). Conditions as in endpointslice/utils.go, podToEndpoint.
 */
function endpointsIn(
  service: ServiceObject,
  port: ServicePortObject,
  { pods }: Backing,
  family: Family,
): readonly Endpoint[] {
  const found: { readonly text: string; readonly endpoint: Endpoint }[] = [];
  for (const { pod, topology } of pods) {
    const number = targetPortOf(port, pod.workload);
    const ip = pod.ips.find((address) => familyOf(address) === family);
    if (number === null || ip === undefined) continue;
    const endpoint = {
      ip,
      port: number,
      node: pod.node,
      ready: isReady(service, pod),
      serving: pod.ready,
      terminating: false,
      pod: `${pod.namespace}/${pod.name}`,
      ...hostnameOf(service, pod),
      ...topology,
    };
    found.push({ text: `${family === 6 ? `[${ip}]` : ip}:${number}`, endpoint });
  }
  return found.sort((a, b) => (a.text < b.text ? -1 : 1)).map(({ endpoint }) => endpoint);
}

/**
 * endpointslice/utils.go `ShouldSetHostname`: a pod has a name of its own under the Service that its `subdomain` names. Of a StatefulSet's
 * pods the controller sets both: their own name, and `serviceName`; a document that does not say that one means any headless Service.
 */
function hostnameOf(service: ServiceObject, { name, workload }: SelectablePod): Pick<Endpoint, 'hostname'> {
  const { kind, subdomain, hostname = kind === 'StatefulSet' ? name : undefined } = workload;
  const isIts = subdomain === undefined ? kind === 'StatefulSet' && isHeadless(service) : subdomain === service.name;
  return hostname !== undefined && isIts ? { hostname } : {};
}

const isHeadless = ({ clusterIP }: ServiceObject): boolean => clusterIP === 'None';

/** A named target port is looked up in each pod, so pods may differ; null where this pod has none of that name and protocol. */
function targetPortOf({ port, targetPort, protocol = 'TCP' }: ServicePortObject, pod: WorkloadObject): number | null {
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return port;
  if (typeof targetPort === 'number') return targetPort;
  // podutil.FindPort (1.29 and later): then the sidecars.
  const sidecars = (pod.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...pod.containers, ...sidecars]) {
    for (const candidate of container.ports) {
      if (candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol) return candidate.containerPort;
    }
  }
  return null;
}
