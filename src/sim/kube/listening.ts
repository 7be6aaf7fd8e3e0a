/** Which programs of a pod run, and on which ports of its one network namespace they listen. */
import type { ClusterContainer, Listening } from './cluster.ts';
import type { ClusterNote } from './cluster-input.ts';
import type { ContainerObject, ContainerPortObject, ServiceObject, WorkloadObject } from './objects.ts';

const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

export interface PodListening {
  /** Those of sidecars last: a pod is known by what its containers do. */
  readonly listens: readonly Listening[];
  /** In the order in which kubelet starts them. */
  readonly containers: readonly ClusterContainer[];
  readonly notes: readonly ClusterNote[];
}

/** Ports of a network namespace that are taken, with who has them: `container web of the same pod`. */
export type TakenPorts = ReadonlyMap<string, string>;

const NOTHING_TAKEN: TakenPorts = new Map();

export const portKey = ({ proto, port }: Pick<Listening, 'proto' | 'port'>): string => `${proto} ${port}`;

/**
 * SIMPLIFIED: a container listens on the ports that it declares. In a real cluster `containerPort` is a comment and only the program
 * decides. A pod that declares nothing is taken to listen where the Services that select it send, so that manifests without
 * container ports work. `taken` is what others listen on in its namespace: on the host's network, others are there before it.
 */
export function listeningOf(
  ref: string,
  workload: WorkloadObject,
  services: readonly ServiceObject[],
  taken: TakenPorts = NOTHING_TAKEN,
): PodListening {
  const isSilent = containersOf(workload).every(({ container: { ports } }) => ports.length === 0);
  const assumed = isSilent ? assumePorts(ref, workload, services) : null;
  const started = startContainers(ref, assumed?.workload ?? workload, taken);
  return { ...started, notes: [...started.notes, ...(assumed?.notes ?? [])] };
}

interface Starting {
  readonly container: ContainerObject;
  readonly role: ClusterContainer['role'];
}

function containersOf({ containers, initContainers = [] }: WorkloadObject): readonly Starting[] {
  return [
    ...initContainers.map((container): Starting => {
      return { container, role: container.restartPolicy === 'Always' ? 'sidecar' : 'init' };
    }),
    ...containers.map((container): Starting => ({ container, role: 'app' })),
  ];
}

/**
 * kubelet starts them in the order of the manifest (pkg/kubelet/kuberuntime, computeInitContainerActions, then the containers): an init
 * container must end, a sidecar must run, before the next one starts. All containers of a pod share its network namespace, so a
 * second bind to a port fails with EADDRINUSE and the program ends; kubelet starts it again and again.
 * SIMPLIFIED: what comes first has the port for good, and no program sets SO_REUSEPORT; programs that start at the same moment may
 * meet in the other order.
 */
function startContainers(ref: string, workload: WorkloadObject, taken: TakenPorts): PodListening {
  const held = new Map<string, Listening>();
  const notes: ClusterNote[] = [];
  const containers: ClusterContainer[] = [];
  let isStuck = false;
  for (const { container, role } of containersOf(workload)) {
    const { name } = container;
    const ports = portsOf(container);
    if (isStuck) {
      containers.push({ name, role, ports, state: 'PodInitializing' });
      continue;
    }
    const clash = ports.find((port) => held.has(portKey(port)) || taken.has(portKey(port)));
    if (clash !== undefined) {
      const lastWords = `listen ${clash.proto} :${clash.port}: bind: address already in use`;
      containers.push({ name, role, ports, state: 'CrashLoopBackOff', lastWords });
      isStuck = role !== 'app';
      const other = held.get(portKey(clash));
      const holder = other ? `container ${other.program} of the same pod` : taken.get(portKey(clash));
      const waits = isStuck ? '; the containers after it are not started' : '';
      const state = `${isStuck ? 'Init:' : ''}CrashLoopBackOff`;
      const text = `container ${name}: ${state}: ${lastWords} (${holder} has the port${waits})`;
      notes.push({ kind: 'pending', ref, text });
      continue;
    }
    containers.push({ name, role, ports, state: role === 'init' ? 'Completed' : 'Running' });
    if (role === 'init') continue;
    for (const { proto, port } of ports) held.set(portKey({ proto, port }), { proto, port, program: name });
  }
  const apps = new Set(containers.flatMap(({ name, role }) => (role === 'app' ? [name] : [])));
  const listens = [...held.values()].sort((a, b) => Number(apps.has(b.program)) - Number(apps.has(a.program)));
  return { listens, containers, notes };
}

const portsOf = ({ ports }: ContainerObject): ClusterContainer['ports'] =>
  ports.map(({ containerPort: port, protocol = 'TCP' }) => ({ proto: PROTOCOLS[protocol], port }));

/** The workload as if its first container declared what its Services send to. */
function assumePorts(ref: string, workload: WorkloadObject, services: readonly ServiceObject[]) {
  const ports = new Map<string, ContainerPortObject>();
  const notes: ClusterNote[] = [];
  for (const service of services) {
    for (const { port: servicePort, targetPort = servicePort, protocol = 'TCP' } of service.ports) {
      const key = `${protocol} ${targetPort}`;
      if (typeof targetPort === 'string' || ports.has(key)) continue;
      ports.set(key, { containerPort: targetPort, protocol });
      const reason = `declares no ports, so it is assumed to listen on ${protocol} ${targetPort}`;
      notes.push({ kind: 'assumed', ref, text: `${reason}, where Service ${service.namespace}/${service.name} sends` });
    }
  }
  const [first = { name: 'program', ports: [] }, ...others] = workload.containers;
  const containers = [{ ...first, ports: [...ports.values()] }, ...others];
  return { workload: { ...workload, containers }, notes };
}
