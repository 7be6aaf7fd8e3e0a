/** Which ports the containers of a pod listen on. */
import type { Listening } from './cluster.ts';
import type { ClusterNote } from './cluster-input.ts';
import type { ServiceObject, WorkloadObject } from './objects.ts';

const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

export interface PodListening {
  readonly listens: readonly Listening[];
  readonly notes: readonly ClusterNote[];
}

/**
 * SIMPLIFIED: a container listens on the ports that it declares. In a real cluster `containerPort` is a comment and only the program
 * decides. A pod that declares nothing is taken to listen where the Services that select it send, so that manifests without
 * container ports work.
 */
export function listeningOf(ref: string, workload: WorkloadObject, services: readonly ServiceObject[]): PodListening {
  const isSilent = workload.containers.every(({ ports }) => ports.length === 0);
  return isSilent ? assumeListening(ref, workload, services) : readListening(ref, workload);
}

function readListening(ref: string, { containers }: WorkloadObject): PodListening {
  const listens = new Map<string, Listening>();
  const notes: ClusterNote[] = [];
  for (const { name: program, ports } of containers) {
    for (const { containerPort: port, protocol = 'TCP' } of ports) {
      const proto = PROTOCOLS[protocol];
      const other = listens.get(`${proto} ${port}`);
      if (other === undefined) listens.set(`${proto} ${port}`, { proto, port, program });
      else if (other.program !== program) {
        const text = `${program}: listen ${proto} :${port}: bind: address already in use, ${other.program} has it`;
        notes.push({ kind: 'ignored', ref, text });
      }
    }
  }
  return { listens: [...listens.values()], notes };
}

function assumeListening(
  ref: string,
  { containers }: WorkloadObject,
  services: readonly ServiceObject[],
): PodListening {
  const listens = new Map<string, Listening>();
  const notes: ClusterNote[] = [];
  const program = containers[0]?.name ?? 'program';
  for (const service of services) {
    for (const { port: servicePort, targetPort = servicePort, protocol = 'TCP' } of service.ports) {
      const proto = PROTOCOLS[protocol];
      const key = `${proto} ${targetPort}`;
      if (typeof targetPort === 'string' || listens.has(key)) continue;
      listens.set(key, { proto, port: targetPort, program });
      const reason = `declares no ports, so it is assumed to listen on ${proto.toUpperCase()} ${targetPort}`;
      notes.push({ kind: 'assumed', ref, text: `${reason}, where Service ${service.namespace}/${service.name} sends` });
    }
  }
  return { listens: [...listens.values()], notes };
}
