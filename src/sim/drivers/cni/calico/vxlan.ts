/** The tunnel device of VXLAN modes, and what leads through it: felix/dataplane/linux/vxlan_mgr.go, felix/vxlanfdb, v3.31. */
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import type { FdbEntry, Neighbour } from '../../../linux/config.ts';
import type { Origin } from '../../../linux/origin.ts';
import { type Mac, mac } from '../../../wire/mac.ts';
import type { Fragment } from '../../contract.ts';
import * as facts from './facts.ts';

const MAC_HASH_BYTES = 5;

/** `66` and the start of a SHA-1 of the node's name: every node knows every other one's without asking. */
export function vtepMac(node: string): Mac {
  const hash = bytesToHex(sha1(utf8ToBytes(node)).slice(0, MAC_HASH_BYTES));
  return mac(['66', ...(hash.match(/../g) ?? [])].join(':'));
}

/** Neighbours and FDB entries are written for all nodes, also for those that CrossSubnet reaches without the tunnel. */
export function vxlanFragment(cluster: Cluster, node: ClusterNode, peers: readonly ClusterNode[]): Fragment {
  return {
    devices: [
      {
        kind: 'vxlan',
        name: facts.VXLAN_DEVICE,
        mac: vtepMac(node.name),
        mtuBytes: cluster.nodeNetwork.mtuBytes - facts.VXLAN_OVERHEAD_BYTES,
        up: true,
        vxlan: {
          vni: facts.VNI,
          local: node.ip,
          lower: facts.NODE_DEVICE,
          dstPort: facts.VXLAN_PORT,
          learning: false,
          udpChecksum: false,
        },
        origin: origin(node, "this node's end of the tunnels to other nodes"),
      },
    ],
    addresses: node.tunnelIp
      ? [
          {
            dev: facts.VXLAN_DEVICE,
            ip: node.tunnelIp,
            prefix: 32,
            scope: 'global',
            origin: origin(node, 'the source of what the node itself sends through the tunnel, from its first block'),
          },
        ]
      : [],
    neighbours: peers.flatMap((peer): Neighbour[] =>
      peer.tunnelIp
        ? [
            {
              dev: facts.VXLAN_DEVICE,
              ip: peer.tunnelIp,
              mac: vtepMac(peer.name),
              origin: origin(peer, `the MAC of ${peer.name}'s tunnel device, because nobody answers ARP in the tunnel`),
            },
          ]
        : [],
    ),
    fdb: peers.map((peer): FdbEntry => {
      const why = `frames to the tunnel device of ${peer.name} go to ${peer.ip}`;
      return { mac: vtepMac(peer.name), dev: facts.VXLAN_DEVICE, dst: peer.ip, origin: origin(peer, why) };
    }),
  };
}

const origin = (node: ClusterNode, why: string): Origin => ({ by: 'felix', for: `Node ${node.name}`, why });
