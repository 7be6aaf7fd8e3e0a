/**
 * What Calico's own tools print on a node: `calicoctl` v3.31 and `birdcl` of BIRD 1.6. SIMPLIFIED: no times (SINCE), because nothing here
 * has a clock; every session is up.
 */
import { must } from '../../../base/assert.ts';
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import { podNetworks } from '../../../kube/cluster.ts';
import { type Family, familiesOf, familyName, inFamily } from '../../../kube/families.ts';
import type { Route } from '../../../linux/config.ts';
import { cidrHas, type Ip } from '../../../wire/ip.ts';
import type { ToolOutput } from '../../contract.ts';
import * as facts from './facts.ts';
import { type CalicoMode, modeIn } from './modes.ts';
import { blockRoutes } from './routes.ts';

const AS_NUMBER = 64_512;

export function calicoTools(cluster: Cluster, node: ClusterNode, mode: CalicoMode): readonly ToolOutput[] {
  return [...(mode.overlay === 'vxlan' ? [withoutBgp()] : bgp(cluster, node, mode)), blocks(cluster)];
}

const viewsOf = (cluster: Cluster): readonly (readonly [Family, Cluster])[] =>
  familiesOf(cluster).map((family) => [family, inFamily(cluster, family)]);

/** felix programs all routes from the datastore, so calico-vxlan.yaml starts no BIRD at all. */
const withoutBgp = (): ToolOutput => ({
  command: 'calicoctl node status',
  about: 'No BGP: Felix reads the blocks of all nodes from the datastore and writes the routes itself.',
  lines: ['Calico process is running.', '', 'The BGP backend process (BIRD) is not running.'],
});

function bgp(cluster: Cluster, node: ClusterNode, mode: CalicoMode): ToolOutput[] {
  const views = viewsOf(cluster);
  const status: ToolOutput = {
    command: 'calicoctl node status',
    about: `A BGP session with each other node (full mesh, all in AS ${AS_NUMBER}): ${sessions(cluster.nodes.length)} in this cluster. Above about 100 nodes route reflectors take its place: they pass on routes, never packets.`,
    lines: [
      'Calico process is running.',
      ...views.flatMap(([family, { nodes }]) => [
        '',
        `${familyName(family)} BGP status`,
        ...box(
          ['PEER ADDRESS', 'PEER TYPE', 'STATE', 'SINCE', 'INFO'],
          nodes
            .filter(({ name }) => name !== node.name)
            .map(({ ip }) => [ip, 'node-to-node mesh', 'up', '', 'Established']),
        ),
      ]),
    ],
  };
  const tunnel =
    mode.overlay === 'ipip'
      ? ` BIRD knows no tunnel: what goes through ${facts.IPIP_DEVICE} is decided when it writes the route into the kernel.`
      : '';
  return [
    status,
    ...views.map(([family, view]) => ({
      command: family === 4 ? 'birdcl show route' : 'birdcl6 show route',
      about: `Which peer announced each block; the kernel's routes with "proto bird" come from here.${family === 4 ? tunnel : ''}`,
      lines: routesIn(view, node.name, modeIn(mode, family)),
    })),
  ];
}

function routesIn(cluster: Cluster, name: string, mode: CalicoMode): string[] {
  const node = must(
    cluster.nodes.find((one) => one.name === name),
    `the node ${name}`,
  );
  const peers = cluster.nodes.filter((peer) => peer !== node);
  return blockRoutes(cluster, node, peers, mode).map((route) => birdLine(cluster, route));
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
  return `${net} via ${via} on ${facts.NODE_DEVICE} [Mesh_${peer.replaceAll(/[.:]/g, '_')}${from}] * (100/0) [i]`;
}

/** The pool, then the block of every node. */
function blocks(cluster: Cluster): ToolOutput {
  const row = (grouping: string, net: Cluster['podCIDR'], taken: readonly Ip[]): string[] => {
    const total = 2 ** ((net.family === 4 ? 32 : 128) - net.prefix);
    const used = taken.filter((ip) => cidrHas(net, ip)).length;
    const share = (n: number): string => `${five(n)} (${Math.round((n / total) * 100)}%)`;
    return [grouping, net.text, five(total), share(used), share(total - used)];
  };
  return {
    command: 'calicoctl ipam show --show-blocks',
    about:
      'Addresses of pods come from blocks, which nodes claim when they need one; the podCIDR of a node is not looked at.',
    lines: box(
      ['GROUPING', 'CIDR', 'IPS TOTAL', 'IPS IN USE', 'IPS FREE'],
      viewsOf(cluster).flatMap(([, { podCIDR, pods, nodes }]) => {
        const taken = [...pods.map(({ ip }) => ip), ...nodes.flatMap(({ tunnelIp }) => tunnelIp ?? [])];
        const nets = nodes.flatMap((node) => [...podNetworks(node)]);
        return [row('IP Pool', podCIDR, taken), ...nets.map((net) => row('Block', net, taken))];
      }),
    ),
  };
}

/** Five digits are enough for calicoctl (`%.5g`). */
const five = (n: number): string => (n < 1e5 ? String(n) : Number(n.toPrecision(5)).toExponential());

/** A table as calicoctl draws it. */
function box(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [rule, line(head), rule, ...rows.map(line), rule];
}
