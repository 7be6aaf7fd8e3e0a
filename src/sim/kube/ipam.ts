/**
 * Who gives pods their addresses: a part of the CNI, asked by kubelet's call of the plugin. `kube` knows only this shape and the default;
 * a CNI with an address management of its own brings it along (`drivers/contract.ts`).
 */
import type { Cidr, Ip } from '../wire/ip.ts';
import { rangeText } from './capacity.ts';
import type { ClusterNode, ExternalHost, NodeSubnet } from './cluster.ts';
import { makePodRange } from './pod-range.ts';

export interface Ipam {
  /** The next free address for a pod of the node, or null when there is none. */
  take(node: string): Ip | null;
  release(node: string, address: Ip): void;
  /** What the plugin answers when there is none. */
  exhausted(node: string): string;
  /** What the node holds as a whole, after all that was taken. */
  holdings(node: string): NodeHoldings;
  /** It gives addresses of another network, so that nobody in the cluster is told that pods are in `podCIDR`. */
  readonly outsidePodCIDR?: true;
}

/** Absent where pods' addresses come from the node's podCIDR alone. */
export interface NodeHoldings {
  /** Networks that are the node's, in the order in which it got them. */
  readonly blocks?: readonly Cidr[];
  /** An address from them for the node itself, such as that of its tunnel device. */
  readonly tunnelIp?: Ip;
}

/** What an address management inside the pod network is made from. */
export interface PodNetworkInput {
  readonly podCIDR: Cidr;
  readonly nodes: readonly Pick<ClusterNode, 'name' | 'podCIDR'>[];
}

/** With the machines of the node network, for one that takes its addresses from there. */
export interface IpamInput extends PodNetworkInput {
  readonly nodes: readonly Pick<ClusterNode, 'name' | 'podCIDR' | 'ip'>[];
  readonly nodeNetwork: NodeSubnet;
  readonly externals: readonly Pick<ExternalHost, 'ip'>[];
}

export type MakeIpam = (input: IpamInput) => Ipam;

/** The `host-local` plugin: each node gives out the addresses of its podCIDR (plugins/ipam/host-local, v1.6). */
export const hostLocal: MakeIpam = ({ nodes }) => {
  const spaces = new Map(nodes.map(({ name, podCIDR }) => [name, { podCIDR, range: makePodRange(podCIDR) }]));
  return {
    take: (node) => spaces.get(node)?.range.take() ?? null,
    release: (node, address) => spaces.get(node)?.range.release(address),
    exhausted(node) {
      const podCIDR = spaces.get(node)?.podCIDR;
      // plugins/ipam/host-local/backend/allocator/allocator.go
      const reason = `no IP addresses available in range set: ${podCIDR ? rangeText(podCIDR) : ''}`;
      return `failed to allocate for range 0: ${reason}`;
    },
    holdings: () => ({}),
  };
};
