/** The ways that must work in every cluster, in the addresses of the lab. */

/** The path, and the pod whose own address the receiver must see (null: whoever). */
export const PATHS: readonly (readonly [path: string, text: string, source: string | null])[] = [
  ['pod on the same node', 'tool-2 tcp 10.244.2.2:8080', '10.244.2.3'],
  ['pod on another node', 'tool-1 tcp 10.244.2.2:8080', '10.244.1.3'],
  ['ping to another node', 'tool-1 icmp 10.244.2.2', '10.244.1.3'],
  ['Service, endpoint on another node', 'tool-1 tcp 10.96.0.20:80', '10.244.1.3'],
  ['Service that leads to the caller', 'web-1 tcp 10.96.0.30:80', null],
  ['node to a pod of its own', 'node-1 tcp 10.244.1.2:8080', null],
  ['node to a pod of another', 'node-1 tcp 10.244.2.2:8080', null],
  ['pod to its own node', 'tool-1 icmp 192.168.56.11', '10.244.1.3'],
  ['NodePort on the node of the pod', 'client tcp 192.168.56.11:30082', null],
  ['NodePort on another node', 'client tcp 192.168.56.12:30082', null],
  ['NodePort with policy Local', 'client tcp 192.168.56.12:30081', '192.168.56.100'],
  ['the Internet', 'tool-1 tcp 203.0.113.10:80', null],
];
