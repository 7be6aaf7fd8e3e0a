/**
 * Whom a rule means, as identities (pkg/policy/api/entity.go, pkg/policy/selectorcache.go, 1.19). What has none of its own is known by the
 * networks that policies name.
 */
import type { CiliumEntity } from '../../../kube/cilium-policy-objects.ts';
import type { Cluster, ClusterPod } from '../../../kube/cluster.ts';
import { indexOf } from '../../../kube/cluster-index.ts';
import type { PodSelection, PolicyPeer } from '../../../kube/cluster-policy.ts';
import { isSecurityLabel } from '../../../kube/policy/cilium-selector.ts';
import { type Cidr, cidrHas } from '../../../wire/ip.ts';
import * as facts from './facts.ts';
import { identityOf } from './identities.ts';

/** A label that is no part of an identity is as good as missing. */
export function canSee({ pods = {} }: PodSelection = {}): boolean {
  const { matchLabels = {}, matchExpressions = [] } = pods;
  const wanted = matchExpressions.filter(({ operator }) => operator === 'In' || operator === 'Exists');
  return [...Object.keys(matchLabels), ...wanted.map(({ key }) => key)].every(isSecurityLabel);
}

/** 0 means everybody: pods, nodes, the world. */
export function identitiesFor(cluster: Cluster, peers: readonly PolicyPeer[] = [], pod: ClusterPod): readonly number[] {
  if (peers.length === 0) return [facts.UNKNOWN];
  return [...new Set(peers.flatMap((peer) => identitiesOfPeer(cluster, peer, pod)))];
}

function identitiesOfPeer(cluster: Cluster, peer: PolicyPeer, subject: ClusterPod): readonly number[] {
  if (peer.kind === 'pods') {
    if (!canSee(peer.selection)) return [];
    const pods = peer.ips.flatMap((ip) => indexOf(cluster).podAt(ip) ?? []);
    return pods.map((pod) => identityOf(cluster, pod));
  }
  if (peer.kind === 'entity') return identitiesOfEntity(cluster, peer.entity, subject);
  if (peer.kind !== 'net') return [];
  const { cidr, except } = peer;
  const isMeant = (net: Cidr): boolean => holds(cidr, net) && !except.some((hole) => holds(hole, net));
  const known = [...cidrIdentities(cluster)].filter(([, { net }]) => isMeant(net));
  return [
    ...known.map(([, { identity }]) => identity),
    ...(cidr.prefix === 0 && cidr.family === 4 ? [facts.WORLD] : []),
  ];
}

/** Networks carry the label of the world, and API servers elsewhere that of a remote node as well. */
function identitiesOfEntity(cluster: Cluster, entity: CiliumEntity, { node }: ClusterPod): readonly number[] {
  switch (entity) {
    case 'all':
      return [facts.UNKNOWN];
    case 'world':
      return [facts.WORLD, ...[...cidrIdentities(cluster).values()].map(({ identity }) => identity)];
    case 'cluster':
      return [...facts.CLUSTER_IDENTITIES, ...cluster.pods.map((pod) => identityOf(cluster, pod))];
    case 'remote-node':
      return [facts.REMOTE_NODE, facts.KUBE_APISERVER];
    case 'kube-apiserver': {
      const isHere = cluster.nodes.some(({ name, role }) => name === node && role === 'control-plane');
      return [facts.KUBE_APISERVER, ...(isHere ? [facts.HOST] : [])];
    }
    case 'host':
      return [facts.HOST];
    case 'health':
      return [facts.HEALTH];
    case 'init':
      return [facts.INIT];
    case 'ingress':
      return [facts.INGRESS];
    case 'unmanaged':
      return [facts.UNMANAGED];
    case 'none':
      return [];
  }
}

const holds = (outer: Cidr, inner: Cidr): boolean =>
  outer.family === inner.family && outer.prefix <= inner.prefix && cidrHas(outer, inner.base);

interface CidrIdentity {
  readonly net: Cidr;
  readonly identity: number;
}

const kept = new WeakMap<Cluster, ReadonlyMap<string, CidrIdentity>>();

/**
 * Every network that a policy names is somebody: an identity that counts on one node only, given in the order of need. All of the world is
 * `reserved:world`. Pods and nodes are never found by them, because they have identities of their own (cilium issue 9209).
 */
export function cidrIdentities(cluster: Cluster): ReadonlyMap<string, CidrIdentity> {
  const known = kept.get(cluster);
  if (known) return known;
  const found = new Map<string, CidrIdentity>();
  for (const { ingress = [], egress = [] } of cluster.policies ?? [])
    for (const { peers = [] } of [...ingress, ...egress])
      for (const peer of peers)
        for (const net of peer.kind === 'net' ? [peer.cidr, ...peer.except] : [])
          if (net.prefix > 0 && net.family === 4 && !found.has(net.text))
            found.set(net.text, { net, identity: facts.CIDR_IDENTITY_MIN + found.size });
  kept.set(cluster, found);
  return found;
}
