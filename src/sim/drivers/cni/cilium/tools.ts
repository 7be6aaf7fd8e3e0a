/**
 * What the agent's own tool prints on a node (cilium-dbg/cmd/endpoint_list.go, identity_list.go, bpf_ipcache_list.go). SIMPLIFIED: the
 * endpoint of the node itself and the one for health checks are left out, and so are reserved identities that nobody has here.
 */
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import { printTable } from '../../../linux/bpf/kind.ts';
import type { ToolOutput } from '../../contract.ts';
import { endpointIds, identityOf, securityLabels } from './identities.ts';
import { policiesOn } from './policies.ts';

export function ciliumTools(cluster: Cluster, node: ClusterNode): readonly ToolOutput[] {
  return [endpoints(cluster, node), identities(cluster)];
}

/** A row for the first label, and one for each other. */
function endpoints(cluster: Cluster, node: ClusterNode): ToolOutput {
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const ids = endpointIds(pods);
  const rows = pods
    .map((pod) => ({ pod, id: ids.get(podNs(pod)) ?? 0 }))
    .sort((a, b) => a.id - b.id)
    .flatMap(({ pod, id }) => {
      const [label = '', ...others] = securityLabels(pod);
      const word = (way: 'ingress' | 'egress'): string =>
        policiesOn(cluster, pod, way) === '' ? 'Disabled' : 'Enabled';
      return [
        [`${id}`, word('ingress'), word('egress'), `${identityOf(cluster, pod)}`, label, '', pod.ip, 'ready'],
        ...others.map((other) => ['', '', '', '', other]),
      ];
    });
  const header = [
    'ENDPOINT',
    'POLICY (ingress)',
    'POLICY (egress)',
    'IDENTITY',
    'LABELS (source:key[=value])',
    'IPv6',
    'IPv4',
    'STATUS',
  ];
  return {
    command: 'cilium-dbg endpoint list',
    about:
      "The agent's pods: each has a number on this node, and an identity that follows from its labels. Where its policy is disabled, everything is allowed.",
    lines: printTable(header, [['', 'ENFORCEMENT', 'ENFORCEMENT'], ...rows]),
  };
}

/** Numbers of the whole cluster: every node knows the same ones. */
function identities(cluster: Cluster): ToolOutput {
  const labels = new Map(cluster.pods.map((pod) => [identityOf(cluster, pod), securityLabels(pod)]));
  const rows = [...labels]
    .sort(([a], [b]) => a - b)
    .flatMap(([id, own]) => own.map((label, i) => (i === 0 ? [`${id}`, label] : ['', label])));
  return {
    command: 'cilium-dbg identity list',
    about:
      'Who there is in the whole cluster. Pods with equal labels are one identity; it is the network number of their packets in a tunnel.',
    lines: printTable(['ID', 'LABELS'], rows),
  };
}
