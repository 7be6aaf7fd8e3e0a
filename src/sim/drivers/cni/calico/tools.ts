/**
 * What Calico's own tools print on a node: `calicoctl` v3.31 and `birdcl` of BIRD 1.6. SIMPLIFIED: no times (SINCE), because nothing here
 * has a clock; every session is up.
 */
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import { podNetworks } from '../../../kube/cluster.ts';
import type { Route } from '../../../linux/config.ts';
import { cidrHas } from '../../../wire/ip.ts';
import type { ToolOutput } from '../../contract.ts';
import * as facts from './facts.ts';
import type { CalicoMode } from './modes.ts';
import { blockRoutes } from './routes.ts';

const AS_NUMBER = 64_512;

export function calicoTools(cluster: Cluster, node: ClusterNode, mode: CalicoMode): readonly ToolOutput[] {
  const peers = cluster.nodes.filter((peer) => peer !== node);
  return [...(mode.overlay === 'vxlan' ? [withoutBgp()] : bgp(cluster, node, peers, mode)), blocks(cluster)];
}

/** felix programs all routes from the datastore, so calico-vxlan.yaml starts no BIRD at all. */
const withoutBgp = (): ToolOutput => ({
  command: 'calicoctl node status',
  about: 'No BGP: Felix reads the blocks of all nodes from the datastore and writes the routes itself.',
  lines: ['Calico process is running.', '', 'The BGP backend process (BIRD) is not running.'],
});

function bgp(cluster: Cluster, node: ClusterNode, peers: readonly ClusterNode[], mode: CalicoMode): ToolOutput[] {
  const status: ToolOutput = {
    command: 'calicoctl node status',
    about: `A BGP session with each other node (full mesh, all in AS ${AS_NUMBER}): ${sessions(cluster.nodes.length)} in this cluster. Above about 100 nodes route reflectors take its place: they pass on routes, never packets.`,
    lines: [
      'Calico process is running.',
      '',
      'IPv4 BGP status',
      ...box(
        ['PEER ADDRESS', 'PEER TYPE', 'STATE', 'SINCE', 'INFO'],
        peers.map(({ ip }) => [ip, 'node-to-node mesh', 'up', '', 'Established']),
      ),
    ],
  };
  const routes = blockRoutes(cluster, node, peers, mode).map((route) => birdLine(cluster, route));
  const tunnel =
    mode.overlay === 'ipip'
      ? ` BIRD knows no tunnel: what goes through ${facts.IPIP_DEVICE} is decided when it writes the route into the kernel.`
      : '';
  return [
    status,
    {
      command: 'birdcl show route',
      about: `Which peer announced each block; the kernel's routes with "proto bird" come from here.${tunnel}`,
      lines: routes,
    },
  ];
}

const sessions = (nodes: number): string => {
  const count = (nodes * (nodes - 1)) / 2;
  return count === 1 ? '1 session' : `${count} sessions`;
};

/** `10.244.2.0/26     via 192.168.56.12 on eth0 [Mesh_192_168_56_12] * (100/0) [i]`. */
function birdLine(cluster: Cluster, { dst, type, via, origin }: Route): string {
  const net = dst.text.padEnd(18);
  if (type === 'blackhole') return `${net} blackhole [static1] * (200)`;
  const peer = cluster.nodes.find(({ name }) => origin?.for === `Node ${name}`)?.ip ?? via ?? '';
  const from = peer === via ? '' : ` from ${peer}`;
  return `${net} via ${via} on ${facts.NODE_DEVICE} [Mesh_${peer.replaceAll('.', '_')}${from}] * (100/0) [i]`;
}

/** The pool, then the block of every node. */
function blocks(cluster: Cluster): ToolOutput {
  const taken = [...cluster.pods.map(({ ip }) => ip), ...cluster.nodes.flatMap(({ tunnelIp }) => tunnelIp ?? [])];
  const row = (grouping: string, net: Cluster['podCIDR']): string[] => {
    const total = 2 ** (32 - net.prefix);
    const used = taken.filter((ip) => cidrHas(net, ip)).length;
    const share = (n: number): string => `${n} (${Math.round((n / total) * 100)}%)`;
    return [grouping, net.text, String(total), share(used), share(total - used)];
  };
  const nets = cluster.nodes.flatMap((node) => [...podNetworks(node)]);
  return {
    command: 'calicoctl ipam show --show-blocks',
    about:
      'Addresses of pods come from blocks, which nodes claim when they need one; the podCIDR of a node is not looked at.',
    lines: box(
      ['GROUPING', 'CIDR', 'IPS TOTAL', 'IPS IN USE', 'IPS FREE'],
      [row('IP Pool', cluster.podCIDR), ...nets.map((net) => row('Block', net))],
    ),
  };
}

/** A table as calicoctl draws it. */
function box(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [rule, line(head), rule, ...rows.map(line), rule];
}
