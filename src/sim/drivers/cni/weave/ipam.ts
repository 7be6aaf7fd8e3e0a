/**
 * Weave's own address management (ipam/ring, ipam/space, 2.8.1): one range for the whole cluster, as a ring that the peers share and
 * gossip about. Who joins is given half of what another one has; a peer whose space is full takes from the others.
 */
import { must } from '../../../base/assert.ts';
import type { Ipam, PodNetworkInput } from '../../../kube/ipam.ts';
import { type Cidr, cidr, cidrHas, cidrNth, type Ip, intToIp, ipToInt } from '../../../wire/ip.ts';

interface Peer {
  readonly name: string;
  net: Cidr;
  readonly taken: Set<number>;
}

/**
 * SIMPLIFIED: peers join in the order of the nodes, each asks the one with the largest share, and gets its upper half. Real ones ask at
 * random, weighted by free space. A peer without a free address borrows single ones; a real one is given a part of the other's range.
 */
export const weaveIpam = ({ podCIDR, nodes }: PodNetworkInput): Ipam => {
  const first = ipToInt(podCIDR.base);
  const last = first + 2 ** (32 - podCIDR.prefix) - 1;
  const peers: Peer[] = [];
  for (const { name } of nodes) peers.push({ name, net: shareFor(peers, podCIDR), taken: new Set() });
  const byName = new Map(peers.map((peer) => [peer.name, peer]));
  // The network's own first and last address are nobody's, but the first one of any other share is an address like all others.
  const isUsable = (address: number): boolean => address !== first && address !== last;
  const isFree = ({ taken }: Peer, address: number): boolean => isUsable(address) && !taken.has(address);
  const lowestFree = (peer: Peer): number | null => {
    const start = ipToInt(peer.net.base);
    for (let address = start; address < start + sizeOf(peer.net); address++) if (isFree(peer, address)) return address;
    return null;
  };
  const highestFree = (peer: Peer): number | null => {
    const start = ipToInt(peer.net.base);
    for (let address = start + sizeOf(peer.net) - 1; address >= start; address--)
      if (isFree(peer, address)) return address;
    return null;
  };
  const takeBy = (choose: (peer: Peer) => number | null, node: string): Ip | null => {
    const own = must(byName.get(node), `the peer ${node}`);
    for (const peer of [own, ...peers.filter((other) => other !== own)]) {
      const address = choose(peer);
      if (address === null) continue;
      peer.taken.add(address);
      return intToIp(address);
    }
    return null;
  };
  const take = (node: string): Ip | null => takeBy(lowestFree, node);
  // `weave expose`: each bridge takes an address before any pod comes.
  const bridges = new Map(nodes.map(({ name }) => [name, take(name)]));
  return {
    take,
    takeLast: (node) => takeBy(highestFree, node),
    release: (_node, address) => void peers.find(({ net }) => cidrHas(net, address))?.taken.delete(ipToInt(address)),
    exhausted: () => 'unable to allocate IP address: no more addresses in the range, all peers were asked',
    holdings(node) {
      const tunnelIp = bridges.get(node);
      return { blocks: [must(byName.get(node), `the peer ${node}`).net], ...(tunnelIp ? { tunnelIp } : {}) };
    },
  };
};

const sizeOf = (net: Cidr): number => 2 ** (32 - net.prefix);

/** All of it for the first; for others the upper half of the largest share, which its owner gives away. */
function shareFor(peers: readonly Peer[], all: Cidr): Cidr {
  const [donor] = [...peers].sort((a, b) => a.net.prefix - b.net.prefix);
  if (!donor) return all;
  const prefix = donor.net.prefix + 1;
  const upper = cidr(`${cidrNth(donor.net, sizeOf(donor.net) / 2)}/${prefix}`);
  donor.net = cidr(`${donor.net.base}/${prefix}`);
  return upper;
}
