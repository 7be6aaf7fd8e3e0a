/** Ports of rules as keys of a policy map: pkg/policy/types and pkg/types/portmap.go, 1.19. */
import type { ClusterPod } from '../../../kube/cluster.ts';
import {
  isNamedPort,
  type NamedPolicyPort,
  type PolicyDirection,
  type PolicyPort,
} from '../../../kube/cluster-policy.ts';
import { ANY_PORT, type PolicyKey } from './maps.ts';

export type PortKey = Pick<PolicyKey, 'proto' | 'port' | 'bits'>;

const PROTOCOLS = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' } as const;
const PORT_BITS = 16;

export function portKeys(
  ports: readonly PolicyPort[] = [],
  pod: ClusterPod,
  direction: PolicyDirection,
): readonly PortKey[] {
  if (ports.length === 0) return [ANY_PORT];
  return ports.flatMap((port): readonly PortKey[] => {
    if (isNamedPort(port)) return namedKeys(port, pod, direction);
    const proto = PROTOCOLS[port.protocol];
    const { from, to = from } = port;
    if (from === undefined || to === undefined) return [{ proto, port: 0, bits: 0 }];
    return prefixesOf(from, to).map((prefix) => ({ proto, ...prefix }));
  });
}

/** Without a protocol a name has that of each container's port. */
function namedKeys(port: NamedPolicyPort, pod: ClusterPod, direction: PolicyDirection): readonly PortKey[] {
  return (['tcp', 'udp', 'sctp'] as const)
    .filter((protocol) => (port.protocol ?? protocol) === protocol)
    .flatMap((protocol) => {
      const ports = port.ports.filter((one) => one.protocol === protocol);
      const numbers = numbersOf({ ...port, ports }, pod, direction);
      return numbers.map((number) => ({ proto: PROTOCOLS[protocol], port: number, bits: PORT_BITS }));
    });
}

/** The agent knows its own endpoint's names. Of the others' it takes a number only where all who use the name agree. */
function numbersOf({ ports }: NamedPolicyPort, pod: ClusterPod, direction: PolicyDirection): readonly number[] {
  const meant = direction === 'ingress' ? ports.filter(({ ip }) => ip === pod.ip) : ports;
  const numbers = [...new Set(meant.map(({ port }) => port))];
  return direction === 'egress' && numbers.length > 1 ? [] : numbers;
}

/** A range as the prefixes of a trie: 80-87 is one of 13 bits. */
export function prefixesOf(from: number, to: number): readonly Pick<PolicyKey, 'port' | 'bits'>[] {
  const found: Pick<PolicyKey, 'port' | 'bits'>[] = [];
  let at = from;
  while (at <= to) {
    let size = 1;
    while (at % (size * 2) === 0 && at + size * 2 - 1 <= to) size *= 2;
    found.push({ port: at, bits: PORT_BITS - Math.log2(size) });
    at += size;
  }
  return found;
}
