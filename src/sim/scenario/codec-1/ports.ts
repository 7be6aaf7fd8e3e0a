/**
 * A port as one word. Of a container: `http:8080/u@80`, where 80 is the host port, or `@192.168.56.11:80` with its address; of a
 * Service: `http:80>8080/u@30080`; the bare number where nothing else is said. `u` is UDP, `s` SCTP. The decoder allows none of these
 * signs in a name.
 */
import type { ContainerPortObject, ServicePortObject } from '../../kube/objects.ts';
import { optional } from './tuple.ts';

const PORT = /^(?:([^:>/@]*):)?(\d{1,5})(?:>([^:>/@]+))?(?:\/([us]))?(?:@(?:([\da-fA-F.:]+):)?(\d{1,5}))?$/;
const letters = { UDP: 'u', SCTP: 's' } as const;
const protocols: Readonly<Record<string, string>> = { u: 'UDP', s: 'SCTP' };

export function packContainerPort(port: ContainerPortObject): number | string {
  const { name, containerPort, protocol, hostPort, hostIP } = port;
  const host = hostPort === undefined ? '' : `@${hostIP === undefined ? '' : `${hostIP}:`}${hostPort}`;
  return shorten(`${packName(name)}${containerPort}${packProtocol(protocol)}${host}`);
}

export function unpackContainerPort(packed: unknown): unknown {
  const { name, port, protocol, outer, address } = split(packed);
  return {
    ...name,
    containerPort: port,
    ...protocol,
    ...optional('hostPort', outer),
    ...optional('hostIP', address),
  };
}

export function packServicePort({ name, port, targetPort, protocol, nodePort }: ServicePortObject): number | string {
  const target = targetPort === undefined ? '' : `>${targetPort}`;
  const node = nodePort === undefined ? '' : `@${nodePort}`;
  return shorten(`${packName(name)}${port}${target}${packProtocol(protocol)}${node}`);
}

export function unpackServicePort(packed: unknown): unknown {
  const { name, port, target, protocol, outer } = split(packed);
  return { ...name, port, ...target, ...protocol, ...optional('nodePort', outer) };
}

const packName = (name: string | undefined): string => (name === undefined ? '' : `${name}:`);

const packProtocol = (protocol: ServicePortObject['protocol']): string =>
  protocol === undefined || protocol === 'TCP' ? '' : `/${letters[protocol]}`;

const shorten = (word: string): number | string => (/^[1-9]\d*$/.test(word) ? Number(word) : word);

/** The parts of a word, most ready for spreading; `outer` is the port of the node. A word that is none becomes the port, for the decoder to refuse. */
function split(packed: unknown) {
  const [word, name, port, target, letter, address, outer] = PORT.exec(String(packed)) ?? [];
  return {
    name: optional('name', name),
    port: word === undefined ? packed : Number(port),
    target: optional('targetPort', target === undefined ? undefined : shorten(target)),
    protocol: optional('protocol', letter === undefined ? undefined : protocols[letter]),
    address,
    outer: outer === undefined ? undefined : Number(outer),
  };
}
