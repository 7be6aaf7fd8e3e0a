/**
 * `calico-ipam` (libcalico-go/lib/ipam, v3.31): nodes claim blocks of the pool when they need them, and never look at their podCIDR. When
 * no block is left, single addresses are borrowed from the blocks of others.
 */
import { hash32 } from '../../../base/rng.ts';
import { familyName } from '../../../kube/families.ts';
import type { Ipam, PodNetworkInput } from '../../../kube/ipam.ts';
import { type Cidr, cidr, cidrNth, type Ip } from '../../../wire/ip.ts';
import { BLOCK_PREFIXES, BLOCKS_PER_NODE_MAX } from './facts.ts';

interface Block {
  readonly net: Cidr;
  /** In the order in which they will be given out: a released address goes to the end. */
  readonly free: Ip[];
}

/** With a tunnel a node takes the first address of its first block for it, before any pod comes (allocate-tunnel-addrs). */
export function calicoIpam(hasTunnelIn: (family: Cidr['family']) => boolean): (input: PodNetworkInput) => Ipam {
  return ({ podCIDR, nodes }) => {
    const hasTunnel = hasTunnelIn(podCIDR.family);
    const name = familyName(podCIDR.family);
    const pool = makePool(podCIDR);
    const own = new Map<string, Block[]>(nodes.map((node) => [node.name, []]));
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
    const tunnelIps = new Map(hasTunnel ? nodes.map((node) => [node.name, take(node.name)]) : []);
    return {
      take,
      takeLast,
      release: (_node, address) => void pool.blockOf(address)?.free.push(address),
      exhausted: () =>
        `failed to request ${name} addresses: Assigned 0 out of 1 requested ${name} addresses; No IPs available in pools`,
      holdings(node) {
        const tunnelIp = tunnelIps.get(node);
        return { blocks: blocksOf(node).map(({ net }) => net), ...(tunnelIp ? { tunnelIp } : {}) };
      },
    } satisfies Ipam;
  };
}

const BLOCK_BITS_MAX = 32;

interface Pool {
  /** The next block that nobody has, seen from the node's starting point. */
  claim(node: string): Block | undefined;
  /** A claimed block with a free address. */
  lender(): Block | undefined;
  blockOf(address: Ip): Block | undefined;
}

/**
 * SIMPLIFIED: where a node starts to look is drawn from a hash of its name, as in Calico, but by another generator (Go's math/rand), so
 * real nodes of these names have other blocks. Of a pool of IPv6 it knows only the first 2^32 blocks.
 */
function makePool(podCIDR: Cidr): Pool {
  const prefix = Math.max(BLOCK_PREFIXES[podCIDR.family], podCIDR.prefix);
  const size = 2 ** ((podCIDR.family === 4 ? 32 : 128) - prefix);
  const count = 2 ** Math.min(prefix - podCIDR.prefix, BLOCK_BITS_MAX);
  const claimed = new Map<string, Block>();
  const netOf = (address: Ip): Cidr => cidr(`${address}/${prefix}`);
  return {
    claim(node) {
      const start = hash32(`calico block ${node}`) % count;
      for (let i = 0; i < count && claimed.size < count; i++) {
        const index = (start + i) % count;
        const net = netOf(cidrNth(podCIDR, index * size));
        if (claimed.has(net.text)) continue;
        const block: Block = { net, free: Array.from({ length: size }, (_, nth) => cidrNth(net, nth)) };
        claimed.set(net.text, block);
        return block;
      }
      return undefined;
    },
    lender: () => [...claimed.values()].find(({ free }) => free.length > 0),
    blockOf: (address) => claimed.get(netOf(address).text),
  };
}
