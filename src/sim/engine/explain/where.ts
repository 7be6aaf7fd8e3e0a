/** Commands that a person can type to see the same on a real cluster, with the true names. */
import type { NsId } from '../../linux/config.ts';
import type { Names } from './names.ts';

/**
 * A command inside a namespace: in a pod by an ephemeral container (images often have no tools), on a node or another
 * machine as it is.
 */
export function inside(names: Names, ns: NsId, command: string): string {
  const pod = names.pod(ns);
  if (!pod) return `${command}   # on ${names.ns(ns)}`;
  return `kubectl -n ${pod.namespace} debug -it ${pod.name} --image=nicolaka/netshoot -- ${command}`;
}

/** `-p`: a capture in promiscuous mode on a bridge changes what the bridge does (observed, Linux 6.18). */
export const capture = (dev: string, filter: string): string => `tcpdump -p -eni ${dev} '${filter}'`;
