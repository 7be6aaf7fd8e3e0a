/** Which speakers announce a Service: `ShouldAnnounce` of speaker/layer2_controller.go and speaker/bgp_controller.go. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Cluster, ClusterNode, ClusterService, Endpoint } from '../../../kube/cluster.ts';
import { subnetOf } from '../../../kube/subnets.ts';
import type { NodesSeen } from '../../contract.ts';
import { MEMBERLIST_PORT } from './facts.ts';

export const isBalanced = ({ loadBalancerIPs }: ClusterService): boolean => loadBalancerIPs.length > 0;

/** Its speaker runs, and the others hear it. A NotReady node, or a stopped kube-proxy, is nothing that a speaker looks at. */
const speaks = ({ name, listens }: ClusterNode, view: NodesSeen): boolean =>
  !view.isLost(name) &&
  listens.some(({ port, proto, up }) => port === MEMBERLIST_PORT && proto === 'tcp' && up !== false);

/** `EndpointCanServe`: ready, or still serving while it ends. */
const canServe = ({ ready, serving }: Endpoint): boolean => ready || serving;

/** The nodes that could announce it: with policy Local those with an endpoint of their own; nobody where there is none at all. */
export function candidates({ nodes }: Cluster, service: ClusterService, view: NodesSeen): readonly ClusterNode[] {
  const serving = service.ports.flatMap(({ endpoints }) => endpoints.filter(canServe));
  if (serving.length === 0) return [];
  const home = new Set(serving.map(({ node }) => node));
  const isWanted = ({ name }: ClusterNode): boolean => service.externalTrafficPolicy === 'Cluster' || home.has(name);
  return nodes.filter((node) => isWanted(node) && speaks(node, view));
}

const elections = new WeakMap<NodesSeen, Map<ClusterService, ClusterNode | null>>();

/** The first by the hash of node name and address: all speakers sort alike, so nobody needs to ask. Null: there is no candidate. */
export function announcer(cluster: Cluster, service: ClusterService, view: NodesSeen): ClusterNode | null {
  const known = elections.get(view) ?? new Map<ClusterService, ClusterNode | null>();
  elections.set(view, known);
  const before = known.get(service);
  if (before !== undefined) return before;
  const [address = ''] = service.loadBalancerIPs;
  // The L2Advertisement names the nodes of the pool's own segment: elsewhere nobody would ask.
  const near = candidates(cluster, service, view).filter((node) => isNear(cluster, node));
  const [first] = near
    .map((node) => ({ node, hash: bytesToHex(sha256(utf8ToBytes(`${node.name}#${address}`))) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const chosen = first?.node ?? null;
  known.set(service, chosen);
  return chosen;
}

const isNear = (cluster: Cluster, node: ClusterNode): boolean =>
  cluster.router === undefined || subnetOf(cluster, node) === cluster.nodeNetwork;
