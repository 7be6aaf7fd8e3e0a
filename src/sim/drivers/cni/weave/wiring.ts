/** Devices, addresses and routes of Weave Net 2.8.1 with its default, the bridged fast datapath (net/bridge.go, net/veth.go, plugin/net/cni.go). */
import { type Cluster, type ClusterNode, type ClusterPod, podNs } from '../../../kube/cluster.ts';
import type { DatapathTunnel, Device } from '../../../linux/config.ts';
import type { Origin } from '../../../linux/origin.ts';
import { ANY_NET, cidrNth, type Ip } from '../../../wire/ip.ts';
import type { Fragment } from '../../contract.ts';
import { sandboxId } from '../../parts/sandbox-id.ts';
import { stableMac } from '../../parts/stable-mac.ts';
import * as facts from './facts.ts';

interface Cable {
  readonly mtuBytes: number;
  readonly hairpin: boolean;
}

const PLUGIN = 'weave-net (CNI plugin)';
const POD_DEVICE = 'eth0';

/** `weave expose`: the bridge's own address, and the gateway of the node's pods. */
export const bridgeIp = (node: ClusterNode): Ip => node.tunnelIp ?? cidrNth(node.podCIDR, 1);

const hostVeth = (pod: ClusterPod): string =>
  pod.veth ?? `${facts.POD_END_PREFIX}${sandboxId(pod).slice(0, facts.ID_LETTERS)}`;

export function weaveNode(
  cluster: Cluster,
  node: ClusterNode,
  pods: readonly ClusterPod[],
  { mtuBytes, hairpin }: Cable,
): Fragment {
  const by = (why: string): Origin => ({ by: 'weaver', for: `Node ${node.name}`, why });
  const device = (name: string, why: string, mtu = mtuBytes) => ({
    name,
    mac: stableMac(`${node.name}/${name}`),
    mtuBytes: mtu,
    up: true,
    origin: by(why),
  });
  const { BRIDGE, BRIDGE_END, DATAPATH, DATAPATH_END, TUNNEL_PORT, TUNNEL_MTU_BYTES } = facts;
  const devices: Device[] = [
    { kind: 'bridge', ...device(BRIDGE, 'the pods of this node hang on it') },
    {
      kind: 'openvswitch',
      ...device(DATAPATH, 'it joins this bridge with those of all other nodes to one Ethernet'),
      tunnelPort: TUNNEL_PORT,
      tunnels: tunnelsOf(cluster, node),
    },
    {
      kind: 'veth',
      ...device(BRIDGE_END, 'the cable from the bridge to the datapath'),
      master: BRIDGE,
      peer: { ns: node.name, dev: DATAPATH_END },
    },
    {
      kind: 'veth',
      ...device(DATAPATH_END, 'the cable from the datapath to the bridge'),
      master: DATAPATH,
      peer: { ns: node.name, dev: BRIDGE_END },
    },
    {
      kind: 'vxlan-external',
      ...device(TUNNEL_PORT, "the datapath's port into the tunnels to all other nodes", TUNNEL_MTU_BYTES),
      master: DATAPATH,
      dstPort: facts.VXLAN_PORT,
    },
    ...pods.map((pod) => hostEnd(pod, mtuBytes, hairpin)),
  ];
  const address = {
    dev: BRIDGE,
    ip: bridgeIp(node),
    prefix: cluster.podCIDR.prefix,
    scope: 'global',
    origin: by('the gateway of the pods of this node, in the one network of all pods'),
  } as const;
  return { devices, addresses: [address] };
}

/**
 * SIMPLIFIED: a peer's short id is drawn at random and gossiped; here it is the number of its node. Every node reaches every other one
 * directly; real ones relay for each other where they cannot.
 */
function tunnelsOf({ nodes }: Cluster, node: ClusterNode): DatapathTunnel[] {
  const shortId = (of: ClusterNode): number => nodes.indexOf(of) + 1;
  const own = shortId(node);
  return nodes
    .filter((peer) => peer !== node)
    .map((peer) => ({
      ns: peer.name,
      remote: peer.ip,
      id: own + shortId(peer) * 2 ** facts.SHORT_ID_BITS,
      origin: { by: 'weaver', for: `Node ${peer.name}`, why: `frames for what was seen behind ${peer.name} go to it` },
    }));
}

function hostEnd(pod: ClusterPod, mtuBytes: number, hairpin: boolean): Device {
  const name = hostVeth(pod);
  return {
    kind: 'veth',
    name,
    mac: stableMac(`${pod.node}/${name}`),
    mtuBytes,
    up: true,
    master: facts.BRIDGE,
    ...(hairpin ? { hairpin: true } : {}),
    peer: { ns: podNs(pod), dev: POD_DEVICE },
    origin: { by: PLUGIN, for: `Pod ${podNs(pod)}`, why: "the node's end of the pod's cable, a port of the bridge" },
  };
}

/** The pod's side: all pods of the cluster are its neighbours, and only the rest of the world is behind the gateway. */
export function weavePod(cluster: Cluster, node: ClusterNode, pod: ClusterPod, mtuBytes: number): Fragment {
  const origin = (why: string): Origin => ({ by: PLUGIN, for: `Pod ${podNs(pod)}`, why });
  return {
    devices: [
      {
        kind: 'veth',
        name: POD_DEVICE,
        mac: stableMac(`${podNs(pod)}/${POD_DEVICE}`),
        mtuBytes,
        up: true,
        peer: { ns: node.name, dev: hostVeth(pod) },
        origin: origin("the pod's end of its cable"),
      },
    ],
    addresses: [
      {
        dev: POD_DEVICE,
        ip: pod.ip,
        prefix: cluster.podCIDR.prefix,
        scope: 'global',
        origin: { ...origin("a free address of this peer's share, in the network of all pods"), by: 'weaver' },
      },
    ],
    routes: [
      {
        dst: ANY_NET,
        type: 'unicast',
        via: bridgeIp(node),
        dev: POD_DEVICE,
        table: 'main',
        scope: 'global',
        origin: origin('everything that is not a pod goes through the node'),
      },
    ],
  };
}
