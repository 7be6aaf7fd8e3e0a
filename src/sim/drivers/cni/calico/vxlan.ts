/** The tunnel device of VXLAN modes, and what leads through it: felix/dataplane/linux/vxlan_mgr.go, felix/vxlanfdb, v3.31. */
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import type { Family } from '../../../kube/families.ts';
import type { FdbEntry, Neighbour } from '../../../linux/config.ts';
import type { Origin } from '../../../linux/origin.ts';
import { familyOf } from '../../../wire/ip.ts';
import { type Mac, mac } from '../../../wire/mac.ts';
import type { Fragment } from '../../contract.ts';
import { hostPrefix } from '../../parts/family-words.ts';
import * as facts from './facts.ts';

const MAC_HASH_BYTES = 5;

/** `66` and the start of a SHA-1 of the node's name, for IPv6 with `-v6` behind it: every node knows every other one's without asking. */
export function vtepMac(node: string, family: Family): Mac {
  const hash = bytesToHex(sha1(utf8ToBytes(family === 6 ? `${node}-v6` : node)).slice(0, MAC_HASH_BYTES));
  return mac(['66', ...(hash.match(/../g) ?? [])].join(':'));
}

/** Neighbours and FDB entries are written for all nodes, also for those that CrossSubnet reaches without the tunnel. */
export function vxlanFragment(cluster: Cluster, node: ClusterNode, peers: readonly ClusterNode[]): Fragment {
  const family = familyOf(node.ip);
  const device = facts.VXLAN_DEVICES[family];
  return {
    devices: [
      {
        kind: 'vxlan',
        name: device,
        mac: vtepMac(node.name, family),
        mtuBytes: cluster.nodeNetwork.mtuBytes - facts.VXLAN_OVERHEADS_BYTES[family],
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
            dev: device,
            ip: node.tunnelIp,
            prefix: hostPrefix({ family }),
            scope: 'global',
            origin: origin(node, 'the source of what the node itself sends through the tunnel, from its first block'),
          },
        ]
      : [],
    neighbours: peers.flatMap((peer): Neighbour[] =>
      peer.tunnelIp
        ? [
            {
              dev: device,
              ip: peer.tunnelIp,
              mac: vtepMac(peer.name, family),
              origin: origin(
                peer,
                `the MAC of ${peer.name}'s tunnel device, because nobody ${family === 4 ? 'answers ARP' : 'is asked'} in the tunnel`,
              ),
            },
          ]
        : [],
    ),
    fdb: peers.map((peer): FdbEntry => {
      const why = `frames to the tunnel device of ${peer.name} go to ${peer.ip}`;
      return { mac: vtepMac(peer.name, family), dev: device, dst: peer.ip, origin: origin(peer, why) };
    }),
  };
}

const origin = (node: ClusterNode, why: string): Origin => ({ by: 'felix', for: `Node ${node.name}`, why });
