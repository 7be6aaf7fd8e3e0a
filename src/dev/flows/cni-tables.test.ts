/**
 * What every CNI in every mode does to the same packets on the reference cluster: the TTL that ping prints, the MTU of a pod, what is on the
 * wire between two nodes, and whom the receiver sees (reference/cni.md 1.2, 1.7, 1.8, 1.9, 9.2). A new mode is a new row.
 */
import { describe, expect, it } from 'vitest';
import { must } from '../../sim/base/assert.ts';
import { CNIS, cniById } from '../../sim/drivers/registry.ts';
import { labOf, probe } from './cni-check.ts';

/** Addresses in words, so that a row reads like the tables. */
const POD = '10.244.1.3';
const NODE_1 = '192.168.56.11';
const NODE_2 = '192.168.56.12';
const CLIENT = '192.168.56.100';

interface Row {
  /** On the same node, on another one. */
  readonly ttl: readonly [number, number];
  readonly podMtu: number;
  /** ping from tool-1 on node-1 to web-2 on node-2. */
  readonly wire: string;
  /** A pod that calls itself by its Service. */
  readonly hairpin: string;
  /** A process of node-1, by a pod of node-2. */
  readonly node: string;
  /** A client outside, by way of a NodePort of the pod's own node, and of node-2. */
  readonly nodePort: readonly [string, string];
  /** A pod, by the Internet and by another node. */
  readonly pod?: readonly [string, string];
  /** A pod, by a pod of another node; where Kubernetes' promise is kept, its own address. */
  readonly farPod?: string;
}

const plain = (ttl: number, src = POD): string => `${src} > 10.244.2.2 ttl ${ttl} / icmp, 98 bytes`;
const tunnel = (udp: string, ttl: number): string =>
  `${NODE_1} > ${NODE_2} ttl 64${udp.startsWith('df') ? ' df' : ''} / udp ${udp.replace('df ', '')} / ${POD} > 10.244.2.2 ttl ${ttl} / icmp, 148 bytes`;
/** The node's first pod address: the bridge's, the cable's, or the agent's own. */
const [OWN_1, OWN_2] = ['10.244.1.1', '10.244.2.1'];

const routed: Row = {
  ttl: [63, 62],
  podMtu: 1500,
  wire: plain(63),
  hairpin: NODE_1,
  node: NODE_1,
  nodePort: [NODE_1, NODE_2],
};
const bridged: Row = { ...routed, ttl: [64, 62], hairpin: OWN_1, nodePort: [OWN_1, NODE_2] };
const ptp: Row = { ...bridged, ttl: [63, 62] };
const masqOn = { wire: plain(63, NODE_1), farPod: NODE_1 };
const masqOff = { pod: [POD, POD] } as const;

/** cni.md 7: no address of the node's own but the agent's; with kube-proxy replaced, socket LB and no masquerade on the pod's own node. */
const ciliumTunnel = (udp: string): Row => ({
  ttl: [63, 63],
  podMtu: 1500,
  wire: tunnel(udp, 64),
  hairpin: '169.254.42.1',
  node: OWN_1,
  nodePort: [OWN_1, OWN_2],
});
const ciliumNative: Row = {
  ttl: [63, 60],
  podMtu: 1500,
  wire: plain(62),
  hairpin: '169.254.42.1',
  node: NODE_1,
  nodePort: [OWN_1, NODE_2],
  pod: [NODE_1, POD],
};
const replaced = <R extends Row>(row: R): Row => ({
  ...row,
  hairpin: '10.244.1.2',
  nodePort: [CLIENT, row.nodePort[1]],
});
const VXLAN = '8472 nocsum / vxlan 38893';
const GENEVE = '6081 nocsum / geneve 38893';

const weave: Row = {
  ...bridged,
  ttl: [64, 64],
  podMtu: 1376,
  wire: tunnel('df 6784 nocsum / vxlan 8193', 64),
  node: OWN_1,
  nodePort: [OWN_1, OWN_2],
};

const ROWS: Readonly<Record<string, Row>> = {
  'flannel/vxlan': {
    ...bridged,
    podMtu: 1450,
    wire: tunnel('8472 nocsum / vxlan 1', 63),
    node: '10.244.1.0',
    nodePort: [OWN_1, '10.244.2.0'],
  },
  'flannel/host-gw': bridged,
  // In one subnet, as host-gw with smaller pods.
  'flannel/vxlan-directrouting': { ...bridged, podMtu: 1450 },
  'calico/bgp': routed,
  'calico/vxlan': {
    ...routed,
    podMtu: 1450,
    wire: tunnel('4789 nocsum / vxlan 4096', 63),
    node: '10.244.1.64',
    nodePort: [NODE_1, '10.244.2.64'],
  },
  'calico/vxlan-crosssubnet': { ...routed, podMtu: 1450 },
  'calico/ipip': {
    ...routed,
    podMtu: 1480,
    wire: `${NODE_1} > ${NODE_2} ttl 63 df / ${POD} > 10.244.2.2 ttl 63 / icmp, 118 bytes`,
    node: '10.244.1.64',
    nodePort: [NODE_1, '10.244.2.64'],
  },
  // In one subnet the tunnel stays unused, and all pods are smaller all the same.
  'calico/ipip-crosssubnet': { ...routed, podMtu: 1480 },
  'canal/vxlan': {
    ...routed,
    wire: tunnel('8472 nocsum / vxlan 1', 63),
    node: '10.244.1.0',
    nodePort: [NODE_1, '10.244.2.0'],
  },
  'cilium/vxlan': ciliumTunnel(VXLAN),
  'cilium/vxlan-kpr': replaced(ciliumTunnel(VXLAN)),
  'cilium/vxlan-kpr-masq': replaced(ciliumTunnel(VXLAN)),
  'cilium/vxlan-ebpf': replaced(ciliumTunnel(VXLAN)),
  'cilium/geneve': ciliumTunnel(GENEVE),
  'cilium/geneve-kpr': replaced(ciliumTunnel(GENEVE)),
  'cilium/geneve-kpr-masq': replaced(ciliumTunnel(GENEVE)),
  'cilium/geneve-ebpf': replaced(ciliumTunnel(GENEVE)),
  'cilium/native': ciliumNative,
  'cilium/native-kpr': replaced(ciliumNative),
  'cilium/native-kpr-masq': replaced(ciliumNative),
  'cilium/native-ebpf': { ...replaced(ciliumNative), ttl: [63, 62], wire: plain(63) },
  'cilium/native-endpoint-routes': { ...ciliumNative, ttl: [63, 62], wire: plain(63), nodePort: [NODE_1, NODE_2] },
  'kindnet/routes': ptp,
  'weave/fastdp-npc': weave,
  'weave/fastdp': weave,
  'cloud-routes/routes': ptp,
  // Another node is in the VPC, where pod addresses are known.
  'vpc-addresses/secondary-ips': { ...routed, pod: [NODE_1, POD] },
  'bridge/masq-off': { ...bridged, ...masqOff },
  'bridge/masq-on': { ...bridged, ...masqOn },
  'ptp/masq-off': { ...ptp, ...masqOff },
  'ptp/masq-on': { ...ptp, ...masqOn },
};

describe.each(Object.entries(ROWS))('%s', (name, row) => {
  const [id = '', mode = ''] = name.split('/');
  const cni = cniById(id);
  const { cluster, there } = labOf(id, mode);
  const proxy = cni.replacesProxy?.(mode) ? 'none' : 'iptables';
  const ask = (text: string) => probe(there(text), { cni: id, mode, proxy, cluster });
  const seen = (text: string): string | undefined => ask(text).arrival?.split(' ')[0];

  it('TTL', () => {
    const ttl = ['tool-2 icmp 10.244.2.2', 'tool-1 icmp 10.244.2.2'].map((text) => ask(text).answerTtl);
    expect(ttl).toEqual(row.ttl);
  });

  it('MTU of a pod', () => {
    const plan = cni.plan(cluster, must(cluster.nodes[0], 'node-1'), mode, {});
    expect(plan.pods?.get('default/web-1')?.devices?.find((d) => d.name === 'eth0')?.mtuBytes).toBe(row.podMtu);
  });

  it('on the wire between nodes', () => {
    expect(ask('tool-1 icmp 10.244.2.2').wire).toBe(there(row.wire));
  });

  it('whom the receiver sees', () => {
    const [internet, otherNode] = row.pod ?? [NODE_1, NODE_1];
    const rows: Readonly<Record<string, string>> = {
      'tool-2 tcp 10.244.2.2:8080': '10.244.2.3',
      'tool-1 tcp 10.244.2.2:8080': row.farPod ?? POD,
      'tool-1 tcp 10.96.0.20:80': row.farPod ?? POD,
      'web-1 tcp 10.96.0.30:80': row.hairpin,
      'node-1 tcp 10.244.2.2:8080': row.node,
      'client tcp 192.168.56.11:30082': row.nodePort[0],
      'client tcp 192.168.56.12:30082': row.nodePort[1],
      'client tcp 192.168.56.12:30081': CLIENT,
      'tool-1 tcp 203.0.113.10:80': internet,
      'tool-1 icmp 192.168.56.12': otherNode,
    };
    expect(Object.fromEntries(Object.keys(rows).map((text) => [text, seen(text)]))).toEqual(
      Object.fromEntries(Object.entries(rows).map(([text, source]) => [text, there(source)])),
    );
  });
});

describe('the tables', () => {
  it('have a row for every CNI and mode', () => {
    const modes = CNIS.flatMap(({ id, modes: its }) => its.map((mode) => `${id}/${mode.id}`));
    expect(Object.keys(ROWS).sort()).toEqual(modes.sort());
  });
});
