/** A host port is a translation on one node: what a verdict says when it led somewhere, and when there is none. */
import type { ClusterHostPort, ClusterPod } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import type { NsId } from '../../linux/config.ts';
import type { Step } from '../../linux/step.ts';
import type { IpPacket } from '../../wire/frame.ts';
import { listOf, podName } from './names.ts';
import { innerPacket, portsOf } from './packet-words.ts';
import { type Case, type Finding, ipOfEnd } from './verdict-case.ts';

export interface HostPort {
  readonly pod: ClusterPod;
  readonly mapping: ClusterHostPort;
  /** `192.168.56.11:8080`. */
  readonly asked: string;
}

/** `hostPort 8080 of Pod default/web`. */
export const hostPortWords = ({ pod, mapping }: Omit<HostPort, 'asked'>): string =>
  `hostPort ${mapping.hostPort} of ${podName(pod)}`;

const mappingOf = (pod: ClusterPod, c: Case): ClusterHostPort | undefined =>
  pod.hostPorts?.find(({ proto, hostPort }) => proto === c.proto && hostPort === c.probe.port);

/** The host port by which a packet came to a pod: asked for at another address than the pod's, it arrived at the container's port. */
export function hostPortOf(c: Case, ns: NsId, packet: IpPacket | undefined): HostPort | null {
  const pod = c.names.pod(ns);
  const mapping = pod && mappingOf(pod, c);
  const asked = ipOfEnd(c.probe.to, c.names);
  if (!mapping || asked === null || asked === pod.ip || c.names.service(asked)) return null;
  const isThere = packet && portsOf(packet.l4)?.dport === mapping.containerPort;
  return isThere ? { pod, mapping, asked: `${asked}:${mapping.hostPort}` } : null;
}

interface Words {
  /** `10.244.1.2:80`. */
  readonly where: string;
  readonly how: string;
}

/** Why nobody answered at a port that is, or is elsewhere, some pod's host port; null where it is none. */
export function findHostPort(c: Case, step: Step, { where, how }: Words): Finding | null {
  const found = hostPortOf(c, step.ns, innerPacket(step.frame));
  const at = { step: step.i };
  if (found) {
    const { pod } = found;
    const open = pod.listens.filter((one) => one.proto === c.proto && one.up !== false).map(({ port }) => port);
    const has = open.length > 0 ? `it listens on ${open.join(', ')}` : `it listens on no ${c.proto.toUpperCase()} port`;
    return {
      ...at,
      sentence: `Refused: ${hostPortWords(found)} led to ${where} (${pod.name}), but nobody listens there, so ${pod.name}'s kernel answered ${how}.`,
      remedy: `Set containerPort beside hostPort ${found.mapping.hostPort} to a port of ${pod.name} (${has}), or start a program there.`,
    };
  }
  const node = c.names.node(step.ns);
  if (!node || c.door) return null;
  const owners = indexOf(c.world.cluster)
    .podsAtHostPort(c.probe.port ?? 0)
    .filter((pod) => mappingOf(pod, c));
  const here = owners.find((pod) => pod.node === node.name);
  const mapping = here && mappingOf(here, c);
  if (here && mapping) {
    const other = mapping.hostIP !== undefined && mapping.hostIP !== c.asked?.ip ? mapping.hostIP : null;
    const why = other === null ? `nothing on ${node.name} translates ${where}` : `it is for ${other} only`;
    return {
      ...at,
      sentence: `Refused: ${hostPortWords({ pod: here, mapping })} is not reached at ${where}: ${why}, and no program listens there, so ${node.name}'s kernel answered ${how}.`,
      remedy:
        other === null
          ? `Chain portmap into the CNI's configuration on ${node.name}, or write its rules again: a host port is nothing but a rule.`
          : `Send to ${other}:${mapping.hostPort}, or leave hostIP out.`,
    };
  }
  const [elsewhere] = owners;
  if (!elsewhere) return null;
  const nodes = [...new Set(owners.map((pod) => pod.node))];
  return {
    ...at,
    sentence: `Refused: hostPort ${c.probe.port} exists only on nodes that run ${podName(elsewhere)}, and ${node.name} is none of them; no program listens on ${where}, so ${node.name}'s kernel answered ${how}.`,
    remedy: `Send to ${listOf(nodes)}, or use a NodePort, which every node has.`,
  };
}
