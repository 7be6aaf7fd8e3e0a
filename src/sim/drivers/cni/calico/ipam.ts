/**
 * `calico-ipam` (libcalico-go/lib/ipam, v3.31): nodes claim blocks of the pool when they need them, and never look at their podCIDR. When
 * no block is left, single addresses are borrowed from the blocks of others.
 */
import { hash32 } from '../../../base/rng.ts';
import type { Ipam, PodNetworkInput } from '../../../kube/ipam.ts';
import { type Cidr, cidr, cidrNth, type Ip, ipToInt } from '../../../wire/ip.ts';
import { BLOCK_PREFIX, BLOCKS_PER_NODE_MAX } from './facts.ts';

interface Block {
  readonly net: Cidr;
  /** In the order in which they will be given out: a released address goes to the end. */
  readonly free: Ip[];
}

/** With a tunnel a node takes the first address of its first block for it, before any pod comes (allocate-tunnel-addrs). */
export function calicoIpam(hasTunnel: boolean): (input: PodNetworkInput) => Ipam {
  return ({ podCIDR, nodes }) => {
    const pool = makePool(podCIDR);
    const own = new Map<string, Block[]>(nodes.map(({ name }) => [name, []]));
    const blocksOf = (node: string): Block[] => own.get(node) ?? [];
    const claim = (node: string): Block | undefined => {
      const blocks = blocksOf(node);
      const block = blocks.length < BLOCKS_PER_NODE_MAX ? pool.claim(node) : undefined;
      if (block) blocks.push(block);
      return block;
    };
    const take = (node: string): Ip | null => {
      for (const block of blocksOf(node)) if (block.free.length > 0) return block.free.shift() ?? null;
      return (claim(node) ?? pool.lender())?.free.shift() ?? null;
    };
    const takeLast = (node: string): Ip | null =>
      (blocksOf(node).find(({ free }) => free.length > 0) ?? claim(node) ?? pool.lender())?.free.pop() ?? null;
    const tunnelIps = new Map(hasTunnel ? nodes.map(({ name }) => [name, take(name)]) : []);
    return {
      take,
      takeLast,
      release: (_node, address) => void pool.blockOf(address)?.free.push(address),
      exhausted: () =>
        'failed to request IPv4 addresses: Assigned 0 out of 1 requested IPv4 addresses; No IPs available in pools',
      holdings(node) {
        const tunnelIp = tunnelIps.get(node);
        return { blocks: blocksOf(node).map(({ net }) => net), ...(tunnelIp ? { tunnelIp } : {}) };
      },
    } satisfies Ipam;
  };
}

interface Pool {
  /** The next block that nobody has, seen from the node's starting point. */
  claim(node: string): Block | undefined;
  /** A claimed block with a free address. */
  lender(): Block | undefined;
  blockOf(address: Ip): Block | undefined;
}

/**
 * SIMPLIFIED: where a node starts to look is drawn from a hash of its name, as in Calico, but by another generator (Go's math/rand), so
 * real nodes of these names have other blocks.
 */
function makePool(podCIDR: Cidr): Pool {
  const prefix = Math.max(BLOCK_PREFIX, podCIDR.prefix);
  const size = 2 ** (32 - prefix);
  const count = 2 ** (prefix - podCIDR.prefix);
  const claimed = new Map<number, Block>();
  return {
    claim(node) {
      const start = hash32(`calico block ${node}`) % count;
      for (let i = 0; i < count && claimed.size < count; i++) {
        const index = (start + i) % count;
        if (claimed.has(index)) continue;
        const net = cidr(`${cidrNth(podCIDR, index * size)}/${prefix}`);
        const block: Block = { net, free: Array.from({ length: size }, (_, nth) => cidrNth(net, nth)) };
        claimed.set(index, block);
        return block;
      }
      return undefined;
    },
    lender: () => [...claimed.values()].find(({ free }) => free.length > 0),
    blockOf: (address) => claimed.get(Math.floor((ipToInt(address) - ipToInt(podCIDR.base)) / size)),
  };
}
