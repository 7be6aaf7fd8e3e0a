/**
 * What every CNI in every mode does with a packet for a pod in another node subnet (reference/cni.md 0.3, 1.1): tunnels cross the router,
 * which takes one from the outer TTL only; plain routes do not, unless the router knows the pods. A new mode is a new row.
 */
import { expect, it } from 'vitest';
import { APART } from '../../sim/drivers/conformance/lab-cluster.ts';
import { CNIS, cniById } from '../../sim/drivers/registry.ts';
import type { Cluster } from '../../sim/kube/cluster.ts';
import type { Step } from '../../sim/linux/step.ts';
import { cidrNth } from '../../sim/wire/ip.ts';
import { probe } from './cni-check.ts';

/** The TTL that ping prints and the outer one at the far node; `lost` at the router's far side; `refused`: the driver says why not. */
type Crossing = readonly [ttl: number, outerTtl: number] | 'lost' | 'refused';

const CROSSINGS: Readonly<Record<string, Crossing>> = {
  'flannel/vxlan': [62, 63],
  'flannel/host-gw': 'lost',
  'flannel/vxlan-directrouting': [62, 63],
  'calico/bgp': 'lost',
  // IPIP's outer TTL is the inner one's (`ttl inherit`).
  'calico/ipip': [62, 62],
  'calico/ipip-crosssubnet': [62, 62],
  'calico/vxlan': [62, 63],
  'calico/vxlan-crosssubnet': [62, 63],
  'canal/vxlan': [62, 63],
  'cilium/vxlan': [63, 63],
  'cilium/vxlan-kpr': [63, 63],
  'cilium/vxlan-kpr-masq': [63, 63],
  'cilium/vxlan-ebpf': [63, 63],
  'cilium/geneve': [63, 63],
  'cilium/geneve-kpr': [63, 63],
  'cilium/geneve-kpr-masq': [63, 63],
  'cilium/geneve-ebpf': [63, 63],
  'cilium/native': 'refused',
  'cilium/native-kpr': 'refused',
  'cilium/native-kpr-masq': 'refused',
  'cilium/native-ebpf': 'refused',
  'cilium/native-endpoint-routes': 'refused',
  'kindnet/routes': 'refused',
  'weave/fastdp-npc': [64, 63],
  'weave/fastdp': [64, 63],
  'cloud-routes/routes': 'refused',
  'vpc-addresses/secondary-ips': 'refused',
  'bridge/masq-off': 'lost',
  'bridge/masq-on': 'lost',
  'ptp/masq-off': 'lost',
  'ptp/masq-on': 'lost',
};

const cluster: Cluster = {
  ...APART,
  nodes: APART.nodes.map((node) => ({ ...node, tunnelIp: cidrNth(node.podCIDR, 64) })),
};
const knowing: Cluster = { ...cluster, ...(cluster.router && { router: { ...cluster.router, knowsPods: true } }) };

function ping(name: string, of: Cluster) {
  const [cni = '', mode = ''] = name.split('/');
  const proxy = cniById(cni).replacesProxy?.(mode) ? 'none' : 'iptables';
  return probe('tool-1 icmp 10.244.3.2', { cni, mode, proxy, cluster: of });
}

/** The first packet as it comes in at the far node's card. */
function outerTtl(steps: readonly Step[]): number | null {
  const step = steps.find((s) => s.kind === 'dev' && s.ns === 'node-3' && s.dev === 'eth0' && s.dir === 'in');
  const packet = step && 'payload' in step.frame ? step.frame.payload : null;
  return packet?.kind === 'ip' ? packet.ttl : null;
}

const names = (fits: (crossing: Crossing) => boolean): string[] =>
  Object.keys(CROSSINGS).filter((name) => fits(CROSSINGS[name] ?? 'refused'));

it.each(names(Array.isArray))('%s arrives, and keeps its source address', (name) => {
  const { answerTtl, arrival, ran } = ping(name, cluster);
  expect([answerTtl, outerTtl(ran.steps)]).toEqual(CROSSINGS[name]);
  expect(arrival).toMatch(/^10\.244\.1\.3 /);
});

it.each(names((crossing) => crossing === 'lost'))('%s loses it, unless the router knows the pods', (name) => {
  expect(ping(name, cluster).outcome).toBe('timeout ETIMEDOUT');
  const { outcome, answerTtl } = ping(name, knowing);
  expect({ outcome, answerTtl }).toEqual({ outcome: 'reply', answerTtl: 61 });
});

it.each(names((crossing) => crossing === 'refused'))('%s says why not', (name) => {
  const [id = '', mode = ''] = name.split('/');
  expect(cniById(id).refuses(cluster, mode)).toMatch(/node-\d \([\d.]+\)/);
});

it('has a row for every CNI and mode', () => {
  const modes = CNIS.flatMap(({ id, modes: its }) => its.map((mode) => `${id}/${mode.id}`));
  expect(Object.keys(CROSSINGS).sort()).toEqual(modes.sort());
});
