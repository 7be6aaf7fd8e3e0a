/**
 * Who gives pods their addresses: a part of the CNI, asked by kubelet's call of the plugin. `kube` knows only this shape and the default;
 * a CNI with an address management of its own brings it along (`drivers/contract.ts`).
 */
import { must } from '../base/assert.ts';
import type { Cidr, Ip } from '../wire/ip.ts';
import { rangeText } from './capacity.ts';
import type { ClusterNode, ExternalHost, NodeSubnet } from './cluster.ts';
import { makePodRange } from './pod-range.ts';

export interface Ipam {
  /** The next free address for a pod of the node, or null when there is none. */
  take(node: string): Ip | null;
  /** A free one from the other end, for what shall not move the pods that a person counts. Absent: as `take`. */
  takeLast?(node: string): Ip | null;
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

/** Of one family. What an address management inside the pod network is made from. */
export interface PodNetworkInput {
  readonly podCIDR: Cidr;
  /** Its place among the ranges of the cluster, from 0: with two families there are two. */
  readonly range?: number;
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
export const hostLocal: MakeIpam = ({ nodes, range: place = 0 }) => {
  const spaces = new Map(nodes.map(({ name, podCIDR }) => [name, { podCIDR, range: makePodRange(podCIDR) }]));
  return {
    take: (node) => spaces.get(node)?.range.take() ?? null,
    takeLast: (node) => spaces.get(node)?.range.takeLast() ?? null,
    release: (node, address) => spaces.get(node)?.range.release(address),
    exhausted(node) {
      const podCIDR = spaces.get(node)?.podCIDR;
      // plugins/ipam/host-local/backend/allocator/allocator.go
      const reason = `no IP addresses available in range set: ${podCIDR ? rangeText(podCIDR) : ''}`;
      return `failed to allocate for range ${place}: ${reason}`;
    },
    holdings: () => ({}),
  };
};

/** What gives a pod one address of each family, or none at all. */
export interface PodIpam {
  /** `isLast`: from the other end of each range. */
  take(node: string, isLast?: boolean): readonly Ip[] | null;
  release(node: string, addresses: readonly Ip[]): void;
  exhausted(node: string): string;
  holdings(node: string): NodeHoldings & { readonly tunnelIps?: readonly Ip[] };
  readonly outsidePodCIDR: boolean;
}

/** One for each family, in the order of the cluster. */
export function joinIpams(ipams: readonly Ipam[]): PodIpam {
  /** The one that had nothing left when the node asked last. */
  const empty = new Map<string, Ipam>();
  const release = (node: string, addresses: readonly Ip[]): void => {
    for (const [at, address] of addresses.entries()) ipams[at]?.release(node, address);
  };
  return {
    take(node, isLast = false) {
      const taken: Ip[] = [];
      for (const ipam of ipams) {
        const address = isLast && ipam.takeLast ? ipam.takeLast(node) : ipam.take(node);
        if (address === null) {
          empty.set(node, ipam);
          release(node, taken);
          return null;
        }
        taken.push(address);
      }
      return taken;
    },
    release,
    exhausted: (node) => (empty.get(node) ?? must(ipams[0], 'an address management')).exhausted(node),
    holdings: (node) => joinHoldings(ipams.map((ipam) => ipam.holdings(node))),
    outsidePodCIDR: ipams.some((ipam) => ipam.outsidePodCIDR === true),
  };
}

function joinHoldings(each: readonly NodeHoldings[]): ReturnType<PodIpam['holdings']> {
  const [only, ...others] = each;
  if (others.length === 0) return only ?? {};
  const tunnelIps = each.flatMap(({ tunnelIp }) => tunnelIp ?? []);
  const blocks = each.some((one) => one.blocks) ? each.flatMap((one) => one.blocks ?? []) : undefined;
  return {
    ...(blocks && { blocks }),
    ...(tunnelIps[0] !== undefined && { tunnelIp: tunnelIps[0], tunnelIps }),
  };
}
