/** Layer 2 mode: one speaker answers ARP for the address, so that all packets for it come to its node. */
import type { Cluster, ClusterNode, ClusterService } from '../../../kube/cluster.ts';
import type { ArpResponder } from '../../../linux/config.ts';
import { type Cidr, cidrNth } from '../../../wire/ip.ts';
import type { NodesSeen, ToolOutput } from '../../contract.ts';
import { L2_POOL_END, L2_POOL_SIZE, NIC, SPEAKER } from './facts.ts';
import { announcer, candidates, isBalanced } from './speakers.ts';

export function layer2Pool(nodeNetwork: Cidr) {
  const size = 2 ** (32 - nodeNetwork.prefix);
  const last = cidrNth(nodeNetwork, size - L2_POOL_END);
  const first = cidrNth(nodeNetwork, size - L2_POOL_END - L2_POOL_SIZE + 1);
  return { first, last, text: `${first}-${last}` };
}

export function responders(cluster: Cluster, node: ClusterNode, view: NodesSeen): readonly ArpResponder[] {
  return cluster.services
    .filter((service) => isBalanced(service) && announcer(cluster, service, view)?.name === node.name)
    .flatMap(({ namespace, name, loadBalancerIPs }) =>
      loadBalancerIPs.map((ip) => ({
        dev: NIC,
        ip,
        program: SPEAKER,
        origin: {
          by: SPEAKER,
          for: `Service ${namespace}/${name}`,
          why: `of the nodes that may, the hash of ${node.name} and ${ip} is the smallest`,
        },
      })),
    );
}

export function layer2Sentence(cluster: Cluster, service: ClusterService, view: NodesSeen): string {
  const [ip] = service.loadBalancerIPs;
  const chosen = announcer(cluster, service, view);
  const possible = candidates(cluster, service, view).length;
  const who = service.externalTrafficPolicy === 'Local' ? 'with a ready endpoint and a speaker' : 'with a speaker';
  if (!chosen) return `Nobody answers ARP for ${ip}: there is no node ${who} whose speaker could.`;
  return `${chosen.name} answers ARP for ${ip}, so all packets come to it. Of the ${possible} nodes ${who}, the hash of its name and this address is the smallest; if it fails, the next one takes over.`;
}

/** What a speaker says of itself, since v0.14.9. */
export function layer2Status(cluster: Cluster, view: NodesSeen): ToolOutput {
  const rows = cluster.services.filter(isBalanced).map((service) => {
    const node = announcer(cluster, service, view)?.name ?? '<none>';
    return [node, service.name, service.namespace];
  });
  const widths = [0, 1, 2].map((at) =>
    Math.max(...[['ALLOCATED NODE', 'SERVICE NAME', 'SERVICE NAMESPACE'], ...rows].map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd();
  return {
    command: 'kubectl -n metallb-system get servicel2statuses',
    about: 'Which speaker answers ARP for which Service.',
    lines: [line(['ALLOCATED NODE', 'SERVICE NAME', 'SERVICE NAMESPACE']), ...rows.map(line)],
  };
}
