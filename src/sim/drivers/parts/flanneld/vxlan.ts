/** Flannel's vxlan backend: pkg/backend/vxlan/vxlan_network.go and device.go, v0.26. */
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import type { FdbEntry } from '../../../linux/config.ts';
import type { Origin } from '../../../linux/origin.ts';
import type { Mac } from '../../../wire/mac.ts';
import type { CniOptions, Fragment } from '../../contract.ts';
import { hostPrefix } from '../family-words.ts';
import { stableMac } from '../stable-mac.ts';
import * as facts from './facts.ts';

/** Random when the node first starts; other nodes read it from the node's annotation. */
const vtepMac = (node: ClusterNode): Mac => stableMac(`${node.name}/${vtepOf(node)}`);

const vtepOf = ({ podCIDR }: ClusterNode): string => facts.VTEPS[podCIDR.family];

const overheadOf = ({ podCIDR }: ClusterNode): number =>
  podCIDR.family === 4 ? facts.VXLAN_OVERHEAD_BYTES : facts.VXLAN_OVERHEAD_6_BYTES;

/** The tunnel device, and for each other node the three entries that lead to it: neighbour, FDB entry, route. */
export function vxlanFragment(
  cluster: Cluster,
  node: ClusterNode,
  peers: readonly ClusterNode[],
  options: CniOptions,
): Fragment {
  return {
    ...vtep(cluster, node),
    routes: peers.map((peer) => ({
      dst: peer.podCIDR,
      type: 'unicast' as const,
      via: peer.podCIDR.base,
      dev: vtepOf(node),
      table: 'main' as const,
      scope: 'global' as const,
      onlink: true,
      origin: origin(peer, `the pods of ${peer.name} are reached through its tunnel device`),
    })),
    neighbours: peers.map((peer) => ({
      dev: vtepOf(node),
      ip: peer.podCIDR.base,
      mac: vtepMac(peer),
      origin: origin(peer, `the MAC of ${peer.name}'s tunnel device, because nobody answers ARP in the tunnel`),
    })),
    fdb: peers.filter((peer) => !isMissing(options, node, peer)).map((peer) => fdbEntry(peer)),
  };
}

function vtep(cluster: Cluster, node: ClusterNode): Pick<Fragment, 'devices' | 'addresses'> {
  return {
    devices: [
      {
        kind: 'vxlan',
        name: vtepOf(node),
        mac: vtepMac(node),
        mtuBytes: cluster.nodeNetwork.mtuBytes - overheadOf(node),
        up: true,
        vxlan: {
          vni: facts.VNI,
          local: node.ip,
          lower: facts.NODE_DEVICE,
          dstPort: facts.VXLAN_PORT,
          learning: false,
          // Without IFLA_VXLAN_UDP_ZERO_CSUM6_TX the kernel adds one over IPv6 (drivers/net/vxlan, `vxlan_xmit_one`).
          udpChecksum: node.podCIDR.family === 6,
        },
        origin: origin(node, "this node's end of the tunnels to all other nodes"),
      },
    ],
    addresses: [
      {
        dev: vtepOf(node),
        ip: node.podCIDR.base,
        prefix: hostPrefix(node.podCIDR),
        scope: 'global',
        origin: origin(node, 'the source of what the node itself sends to pods of other nodes'),
      },
    ],
  };
}

function fdbEntry(peer: ClusterNode): FdbEntry {
  const why = `frames to the tunnel device of ${peer.name} go to ${peer.ip}`;
  return { mac: vtepMac(peer), dev: vtepOf(peer), dst: peer.ip, origin: origin(peer, why) };
}

function isMissing({ missingFdb }: CniOptions, node: ClusterNode, peer: ClusterNode): boolean {
  return (missingFdb ?? []).some(([from, to]) => from === node.name && to === peer.name);
}

const origin = (node: ClusterNode, why: string): Origin => ({ by: 'flanneld', for: `Node ${node.name}`, why });
