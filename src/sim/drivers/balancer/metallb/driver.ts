import type { Cluster } from '../../../kube/cluster.ts';
import { ipIn } from '../../../kube/families.ts';
import type { LoadBalancerController } from '../../../kube/load-balancers.ts';
import { printRoute } from '../../../linux/print/ip-route.ts';
import { cidrNth, ipToInt } from '../../../wire/ip.ts';
import type { BalancerDriver, NodesSeen, ToolOutput } from '../../contract.ts';
import { bgpSentence, isPeer, learnedRoutes } from './bgp.ts';
import { BGP_POOL, CONTROLLER, MEMBERLIST_PORT, METRICS_PORT, SPEAKER } from './facts.ts';
import { layer2Pool, layer2Sentence, layer2Status, responders } from './layer2.ts';

/** Load balancers for clusters without a cloud: a program on each node announces the addresses to the network. */
export const METALLB: BalancerDriver = {
  id: 'metallb',
  label: 'MetalLB',
  about: 'For bare metal: a speaker on each node tells the network where the addresses are. kube-proxy does the rest.',
  modes: [
    {
      id: 'l2',
      label: 'layer 2',
      about: 'One elected node answers ARP for the address, and gets all packets for it.',
    },
    {
      id: 'bgp',
      label: 'BGP',
      about: 'The router learns a route to the address by way of every node, and spreads connections over them.',
    },
  ],
  evidence: 'modelled',
  factsFrom: 'MetalLB v0.15',
  refuses,
  controller,
  outside: (cluster, host, mode, view) => (mode === 'bgp' && isPeer(cluster, host) ? learnedRoutes(cluster, view) : {}),
  announces: (cluster, node, mode, view) => (mode === 'l2' ? responders(cluster, node, view) : []),
  tools,
  tells: (cluster, service, mode, view) =>
    mode === 'l2' ? layer2Sentence(cluster, service, view) : bgpSentence(cluster, service, view),
};

/** Nodes would have addresses that are given away. */
function refuses(cluster: Cluster): string | null {
  const pool = cluster.balancer?.pool;
  if (!pool || pool.net) return null;
  const [from, to] = [ipToInt(pool.first), ipToInt(pool.last)];
  for (const node of cluster.nodes) {
    const ip = ipIn(node, 4);
    if (ip === undefined || ipToInt(ip) < from || ipToInt(ip) > to) continue;
    return `${node.name} has ${ip}, an address of the pool ${pool.text}. Choose a larger node network, or BGP.`;
  }
  return null;
}

function controller(mode: string): LoadBalancerController {
  const speaks = { program: SPEAKER } as const;
  return {
    by: CONTROLLER,
    ipMode: 'VIP',
    needsNodePorts: false,
    needsStrictArp: mode === 'l2',
    listens: [
      { ...speaks, proto: 'tcp', port: MEMBERLIST_PORT },
      { ...speaks, proto: 'udp', port: MEMBERLIST_PORT },
      { ...speaks, proto: 'tcp', port: METRICS_PORT },
    ],
    pool: (nodeNetwork) =>
      mode === 'l2'
        ? layer2Pool(nodeNetwork)
        : { first: cidrNth(BGP_POOL, 1), last: cidrNth(BGP_POOL, -2), text: BGP_POOL.text, net: BGP_POOL },
    // internal/allocator/allocator.go.
    refusesAddress: (asked, why) =>
      why === 'taken'
        ? `Failed to allocate IP: can't change sharing key, address ${asked} also in use by another Service`
        : `Failed to allocate IP: ["${asked}"] is not allowed in config`,
  };
}

function tools(cluster: Cluster, machine: string, mode: string, view: NodesSeen): readonly ToolOutput[] {
  if (mode === 'l2') return cluster.nodes.some(({ name }) => name === machine) ? [layer2Status(cluster, view)] : [];
  const host = cluster.externals.find(({ name }) => name === machine);
  if (!host || !isPeer(cluster, host)) return [];
  const { routes = [] } = learnedRoutes(cluster, view);
  if (routes.length === 0) return [];
  return [
    {
      command: 'ip route show proto bgp',
      about: 'What the speakers of the nodes told this router.',
      lines: routes.flatMap((route) =>
        printRoute(route)
          .replace(/ nexthop/g, '\n  nexthop')
          .split('\n'),
      ),
    },
  ];
}
