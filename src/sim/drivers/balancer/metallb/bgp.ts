/** BGP mode: every speaker tells the router that the address is behind its node, and the router spreads connections over them. */
import type { Cluster, ClusterService, ExternalHost } from '../../../kube/cluster.ts';
import { subnetOf, subnetsOf } from '../../../kube/subnets.ts';
import type { NextHop, Route } from '../../../linux/config.ts';
import type { Fragment, NodesSeen } from '../../contract.ts';
import { hostNet } from '../../parts/rules.ts';
import { BGP_METRIC, SPEAKER } from './facts.ts';
import { candidates, isBalanced } from './speakers.ts';

/** The router of the nodes: the one between their subnets, or the gateway of the only one. */
export const isPeer = ({ router }: Cluster, { name, isGateway }: ExternalHost): boolean =>
  router ? name === router.name : isGateway;

/** Equal paths are all used (`maximum-paths`), each connection on one of them. */
export function learnedRoutes(cluster: Cluster, view: NodesSeen): Fragment {
  const routes = cluster.services.filter(isBalanced).flatMap((service) => routesTo(cluster, service, view));
  return { routes, sysctl: { 'ipv4.fib_multipath_hash_policy': 1 } };
}

function routesTo(cluster: Cluster, service: ClusterService, view: NodesSeen): Route[] {
  const legs = subnetsOf(cluster);
  const hops = candidates(cluster, service, view).map((node): NextHop => {
    const subnet = subnetOf(cluster, node) ?? cluster.nodeNetwork;
    return { via: node.ip, dev: `eth${Math.max(0, legs.indexOf(subnet))}`, weight: 1 };
  });
  const [first, ...others] = hops;
  if (!first) return [];
  const { namespace, name } = service;
  const count = hops.length === 1 ? '1 node announces' : `${hops.length} nodes announce`;
  const origin = { by: SPEAKER, for: `Service ${namespace}/${name}`, why: `${count} it by BGP` };
  return service.loadBalancerIPs.map((ip) => ({
    dst: hostNet(ip),
    type: 'unicast',
    table: 'main',
    scope: 'global',
    proto: 'bgp',
    metric: BGP_METRIC,
    ...(others.length === 0 ? { via: first.via, dev: first.dev } : { nexthops: hops }),
    origin,
  }));
}

export function bgpSentence(cluster: Cluster, service: ClusterService, view: NodesSeen): string {
  const names = candidates(cluster, service, view).map(({ name }) => name);
  const [ip] = service.loadBalancerIPs;
  if (names.length === 0) return `No speaker announces ${ip}/32: there is no ready endpoint that one could send to.`;
  const why =
    service.externalTrafficPolicy === 'Local' ? 'those with a ready endpoint' : 'whether a pod is there or not';
  return `${names.join(', ')} announce ${ip}/32 to the router by BGP, ${why}. The router sends each connection to one of them, by a hash of its addresses and ports.`;
}
