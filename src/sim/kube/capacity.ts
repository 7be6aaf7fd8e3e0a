import { type Cidr, cidrNth } from '../wire/ip.ts';

/** How many nodes a pod CIDR serves, and how many addresses each of them has. */
export interface Capacity {
  readonly nodes: number;
  /** Host addresses of one node's range. The first is the gateway's (cni0), so pods get one less. */
  readonly podsPerNode: number;
}

/** `capacityOf(10.244.0.0/16, 24)` is 256 nodes with 254 addresses each. `nodeMask` is at least the CIDR's own prefix. */
export function capacityOf(podCIDR: Cidr, nodeMask: number): Capacity {
  const bits = (podCIDR.family === 4 ? 32 : 128) - nodeMask;
  return { nodes: 2 ** (nodeMask - podCIDR.prefix), podsPerNode: Math.max(0, 2 ** bits - 2) };
}

/** Nobody reads a longer number. */
const COUNTED_MAX = 10_000_000_000;

/** `256 nodes, 254 pods each`; `256 nodes, 2^64 addresses each`. */
export function capacityText(podCIDR: Cidr, nodeMask: number): string {
  const { nodes, podsPerNode } = capacityOf(podCIDR, nodeMask);
  if (podsPerNode > COUNTED_MAX) return `${count(nodes, 'node')}, 2^${128 - nodeMask} addresses each`;
  return `${count(nodes, 'node')}, ${count(podsPerNode, 'pod')} each`;
}

/** The range as host-local names it: from the first to the last host address. IPv6 has no broadcast address to leave out. */
export const rangeText = (range: Cidr): string =>
  `${cidrNth(range, 1)}-${cidrNth(range, range.family === 4 ? -2 : -1)}`;

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
