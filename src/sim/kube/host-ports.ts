/** Ports of nodes that pods ask for: as `hostPort`, or because they run on the host's network. */

import { parseIp } from '../wire/ip.ts';
import type { ClusterHostPort } from './cluster.ts';
import type { ClusterNote } from './cluster-input.ts';
import type { ContainerObject, WorkloadObject } from './objects.ts';

/** A port of a node, as the scheduler counts it. */
export interface NodePortUse {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly ip: string;
  readonly port: number;
}

const ANY = '0.0.0.0';
const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

const isSidecar = ({ restartPolicy }: ContainerObject): boolean => restartPolicy === 'Always';

const known = new WeakMap<WorkloadObject, readonly NodePortUse[]>();

/** What a pod holds of its node: its containers' host ports, and since 1.34 its sidecars' (pkg/scheduler/util, GetHostPorts). */
export function portsOnNode(workload: WorkloadObject): readonly NodePortUse[] {
  const before = known.get(workload);
  if (before) return before;
  const { containers, initContainers = [], hostNetwork } = workload;
  const ports = [...containers, ...initContainers.filter(isSidecar)].flatMap((container) =>
    container.ports.flatMap(({ containerPort, protocol = 'TCP', hostPort, hostIP }): NodePortUse[] => {
      const port = hostPort ?? (hostNetwork ? containerPort : undefined);
      return port === undefined ? [] : [{ protocol, ip: hostIP ?? ANY, port }];
    }),
  );
  known.set(workload, ports);
  return ports;
}

/** pkg/scheduler/framework/types.go, HostPortInfo.CheckConflict: an address of its own is in the way of itself and of all addresses. */
export function isPortConflict(wanted: readonly NodePortUse[], used: readonly NodePortUse[]): boolean {
  return wanted.some((a) =>
    used.some((b) => a.protocol === b.protocol && a.port === b.port && (a.ip === b.ip || a.ip === ANY || b.ip === ANY)),
  );
}

/** pkg/scheduler/framework/plugins/nodeports, ErrReason. */
const NO_FREE_PORTS = "node(s) didn't have free ports for the requested pod ports";

/** As `kubectl describe pod` shows the scheduler's event; a DaemonSet's pod is meant for one node only. */
export function noFreePortsText(nodes: number, isForOneNode: boolean): string {
  const others = nodes - 1;
  const rest = isForOneNode && others > 0 ? `, ${others} node(s) didn't satisfy plugin(s) [NodeAffinity]` : '';
  return `0/${nodes} nodes are available: ${isForOneNode ? 1 : nodes} ${NO_FREE_PORTS}${rest}`;
}

/** A pod with a `nodeName` has passed by the scheduler; kubelet looks at the same rule (pkg/kubelet/lifecycle/predicate.go). */
export const rejectedByKubelet = (node: string): string =>
  `Failed on ${node} (NodePorts): Pod was rejected: Predicate NodePorts failed: ${NO_FREE_PORTS}`;

/**
 * What the runtime is asked to map (pkg/kubelet/kuberuntime/kuberuntime_sandbox.go): the host ports of `containers` alone. A sidecar's
 * are counted by the scheduler and mapped by nobody. On the host's network there is nothing to map.
 */
export function hostPortsOf(workload: WorkloadObject): readonly ClusterHostPort[] {
  if (workload.hostNetwork) return [];
  return workload.containers.flatMap(({ ports }) =>
    ports.flatMap(({ containerPort, protocol = 'TCP', hostPort, hostIP }): ClusterHostPort[] => {
      if (hostPort === undefined) return [];
      const ip = hostIP === undefined || hostIP === ANY ? undefined : parseIp(hostIP);
      return [{ proto: PROTOCOLS[protocol], hostPort, containerPort, ...(ip?.ok && { hostIP: ip.value }) }];
    }),
  );
}

export function unmappedNotes(
  ref: string,
  { hostNetwork, initContainers = [] }: WorkloadObject,
): readonly ClusterNote[] {
  if (hostNetwork) return [];
  return initContainers.flatMap(({ name, ports }) =>
    ports.flatMap(({ hostPort }): ClusterNote[] => {
      const text = `hostPort ${hostPort} of ${name}: kubelet asks the runtime for the host ports of \`containers\` alone, so nothing leads there`;
      return hostPort === undefined ? [] : [{ kind: 'ignored', ref, text }];
    }),
  );
}
