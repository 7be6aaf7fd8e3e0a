import { must } from '../base/assert.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Cidr, cidr, cidrNth, cidrsOverlap, type Ip, ip, parseCidr } from '../wire/ip.ts';
import { capacityOf } from './capacity.ts';
import type { Cluster, ClusterBalancer, ClusterNode, ClusterRouter, ExternalHost, NodeSubnet } from './cluster.ts';
import type { ClusterInput, ClusterProblem } from './cluster-input.ts';
import { publicResolver } from './dns/resolv-conf.ts';
import type { Family } from './families.ts';
import { checkPool, type LoadBalancerController } from './load-balancers.ts';

/** What a browser tab still draws and computes at once. */
export const NODES_MAX = 500;

/** kube-controller-manager stops when a node's range is more than 16 bits longer than the pod CIDR (ipam/cidrset). */
const NODE_MASK_DISTANCE_MAX = 16;
/** kube-apiserver refuses Service ranges of more than 20 bits (cmd/kube-apiserver/app/options/validation.go, v1.32). */
const SERVICE_BITS_MAX = 20;
/** kube-apiserver wants at least 8 Service addresses (pkg/controlplane/services.go). */
const SERVICE_BITS_MIN = 3;
/** Two host addresses: the gateway and one pod. */
const NODE_BITS_MIN = 2;
const WIDTH: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };
/** Large enough for the client at .100, and in IPv6 for every node. */
const NODE_NETWORK_PREFIX_MAX: Readonly<Record<Family, number>> = { 4: 25, 6: 112 };

const GATEWAY_OFFSET = 1;
const BALANCER_OFFSET = 5;
const FIRST_NODE_OFFSET = 11;
const CLIENT_OFFSET = 100;

const KUBELET_PORT = 10250;
export const API_SERVER_PORT = 6443;

/** Documentation ranges (RFC 5737, RFC 3849) that stand for the Internet. */
const INTERNET: Readonly<Record<Family, { readonly net: Cidr; readonly host: Ip }>> = {
  4: { net: cidr('203.0.113.0/24'), host: ip('203.0.113.10') },
  6: { net: cidr('2001:db8:203:113::/64'), host: ip('2001:db8:203:113::10') },
};
/** The web server of the Internet. */
export const internetHost = (family: Family): Ip => INTERNET[family].host;

/** What listens at the public resolver. */
export const RESOLVER_PROGRAM = 'resolver';
/** Another one, for the cable between the router of two node subnets and the Internet. */
const UPLINK_NET = cidr('198.51.100.0/30');

export type NetworkPlan = Pick<
  Cluster,
  | 'podCIDR'
  | 'podCIDRs'
  | 'serviceCIDR'
  | 'serviceCIDRs'
  | 'nodeNetwork'
  | 'router'
  | 'nodes'
  | 'externals'
  | 'balancer'
>;

/** The networks of one family. */
interface Networks {
  readonly podCIDR: Cidr;
  readonly nodeMask: number;
  readonly serviceCIDR: Cidr;
  readonly nodeNetwork: Cidr;
  readonly farSubnet?: Cidr;
}

/** Nodes and machines around them with their addresses, or every reason why the sizes do not fit. */
export function planNetwork(
  input: ClusterInput,
  controller?: LoadBalancerController,
): Result<NetworkPlan, ClusterProblem[]> {
  const read = readNetworks(input);
  if (!read.ok) return err(read.error.map(asProblem));
  const networks = read.value;
  const reasons = [
    ...checkCount(input),
    ...networks.flatMap((each) => checkSizes(input.nodes, each, fieldsOf(each))),
    ...networks.flatMap(checkOverlaps),
  ];
  const four = networks.find(({ podCIDR }) => podCIDR.family === 4);
  const poolProblems = controller && four ? checkPool(controller, four.nodeNetwork, namedRanges(four)) : [];
  if (reasons.length + poolProblems.length > 0) return err([...reasons.map(asProblem), ...poolProblems]);
  const [first, second] = networks as [Networks, Networks?];
  const router = first.farSubnet && planRouter(first.farSubnet, input.farSubnet?.podRoutes === true);
  const balancer = controller && four && planBalancer(controller, four.nodeNetwork);
  return ok({
    podCIDR: first.podCIDR,
    ...(second && { podCIDRs: [first.podCIDR, second.podCIDR] }),
    serviceCIDR: first.serviceCIDR,
    ...(second && { serviceCIDRs: [first.serviceCIDR, second.serviceCIDR] }),
    nodeNetwork: {
      ...subnet(first.nodeNetwork),
      ...(second && { second: subnet(second.nodeNetwork) }),
      mtuBytes: input.mtuBytes,
    },
    ...(router && { router }),
    ...(balancer && { balancer }),
    nodes: Array.from({ length: input.nodes }, (_, index) => planNode(index, input, networks)).map((node) =>
      balancer && controller?.listens ? { ...node, listens: [...node.listens, ...controller.listens] } : node,
    ),
    externals: [...planExternals(networks, router), ...(balancer?.machine ? [balancer.machine] : [])],
  });
}

const subnet = (range: Cidr): NodeSubnet => ({ cidr: range, gateway: cidrNth(range, GATEWAY_OFFSET) });

const planRouter = (farSubnet: Cidr, knowsPods: boolean): ClusterRouter => ({
  name: 'router',
  knowsPods,
  farSubnet: subnet(farSubnet),
  uplink: { cidr: UPLINK_NET, ip: cidrNth(UPLINK_NET, 2) },
});

function planBalancer(controller: LoadBalancerController, nodeNetwork: Cidr): ClusterBalancer {
  const { by, machine: name } = controller;
  const ip = cidrNth(nodeNetwork, BALANCER_OFFSET);
  const machine: ExternalHost | undefined =
    name === undefined ? undefined : { name, ip, lo: [], listens: [], isGateway: false, isBalancer: true };
  return {
    by,
    pool: controller.pool(nodeNetwork),
    ...(controller.needsStrictArp ? { strictArp: true } : {}),
    ...(machine && { machine }),
  };
}

const asProblem = (text: string): ClusterProblem => ({ ref: 'cluster', text });

/** Where its fields stand in the input, for messages. */
const fieldsOf = ({ podCIDR }: Networks): string => (podCIDR.family === 4 ? '' : 'ipv6.');

/** One of each family, in the order of the cluster. */
function readNetworks(input: ClusterInput): Result<readonly Networks[], string[]> {
  const { ipv6 } = input;
  const reasons: string[] = [];
  const read = (family: Family, field: string, text: string): Cidr => {
    const parsed = parseCidr(text);
    const name = family === 4 ? field : `ipv6.${field}`;
    if (!parsed.ok) reasons.push(`${name}: ${parsed.error}`);
    else if (parsed.value.family !== family)
      reasons.push(`${name}: ${text} is IPv${parsed.value.family}, and IPv${family} belongs there`);
    return parsed.ok ? parsed.value : INTERNET[family].net;
  };
  const networksIn = (
    family: Family,
    from: Pick<ClusterInput, 'podCIDR' | 'nodeMask' | 'serviceCIDR' | 'nodeNetwork'>,
  ): Networks => ({
    podCIDR: read(family, 'podCIDR', from.podCIDR),
    nodeMask: from.nodeMask,
    serviceCIDR: read(family, 'serviceCIDR', from.serviceCIDR),
    nodeNetwork: read(family, 'nodeNetwork', from.nodeNetwork),
  });
  const four = (): Networks => ({
    ...networksIn(4, input),
    ...(input.farSubnet && { farSubnet: read(4, 'farSubnet', input.farSubnet.cidr) }),
  });
  if (!ipv6) return settle([four()], reasons);
  if (input.farSubnet) reasons.push('farSubnet: a second node subnet is modelled for clusters of IPv4 alone');
  if (input.nodeLocalDns && ipv6.role !== 'second')
    reasons.push('nodeLocalDns: NodeLocal DNSCache is modelled for clusters whose Services are of IPv4 first');
  const six = networksIn(6, ipv6);
  if (ipv6.role === 'only') return settle([six], reasons);
  return settle(ipv6.role === 'first' ? [six, four()] : [four(), six], reasons);
}

const settle = (networks: readonly Networks[], reasons: string[]): Result<readonly Networks[], string[]> =>
  reasons.length > 0 ? err(reasons) : ok(networks);

function checkCount({ nodes }: ClusterInput): string[] {
  if (!Number.isInteger(nodes) || nodes < 1) return [`nodes: ${nodes}: at least 1 is needed`];
  return nodes <= NODES_MAX ? [] : [`nodes: ${nodes}: at most ${NODES_MAX} are supported`];
}

function checkSizes(nodes: number, networks: Networks, fields: string): string[] {
  const { podCIDR, nodeMask, serviceCIDR, nodeNetwork, farSubnet } = networks;
  const reasons: string[] = [];
  const check = (holds: boolean, reason: string): void => {
    if (!holds) reasons.push(`${fields}${reason}`);
  };
  const width = WIDTH[podCIDR.family];
  const maskMax = Math.min(width - NODE_BITS_MIN, podCIDR.prefix + NODE_MASK_DISTANCE_MAX);
  const isMaskGood = Number.isInteger(nodeMask) && nodeMask >= podCIDR.prefix && nodeMask <= maskMax;
  check(isMaskGood, `nodeMask: ${nodeMask}: must be between ${podCIDR.prefix} and ${maskMax} for ${podCIDR.text}`);
  if (isMaskGood) {
    const capacity = capacityOf(podCIDR, nodeMask).nodes;
    const room = `${podCIDR.text} with a /${nodeMask} for each node has room for ${capacity}`;
    if (nodes > capacity) reasons.push(`nodes: ${nodes} do not fit: ${room}`);
  }
  const [serviceMin, serviceMax] = [width - SERVICE_BITS_MAX, width - SERVICE_BITS_MIN];
  check(
    serviceCIDR.prefix >= serviceMin && serviceCIDR.prefix <= serviceMax,
    `serviceCIDR: ${serviceCIDR.text}: the mask must be between ${serviceMin} and ${serviceMax}`,
  );
  reasons.push(...checkNodeNetwork(`${fields}nodeNetwork`, nodeNetwork, nodes));
  if (farSubnet) reasons.push(...checkNodeNetwork('farSubnet', farSubnet, nodes));
  return reasons;
}

function checkNodeNetwork(field: string, range: Cidr, nodes: number): string[] {
  const prefixMax = NODE_NETWORK_PREFIX_MAX[range.family];
  if (range.prefix > prefixMax) {
    const needs = 'gateway at .1, nodes from .11 and the client at .100 need';
    const sixNeeds = 'gateway at ::1, nodes from ::11 and the client at ::100 need';
    return [`${field}: ${range.text} is too small: ${range.family === 4 ? needs : sixNeeds} a /${prefixMax} or larger`];
  }
  if (range.family === 6) return [];
  const capacity = nodeAddresses(range);
  const room = `${range.text} has addresses for ${capacity} nodes (from .11 upward, without the client's .100)`;
  return nodes <= capacity ? [] : [`nodes: ${nodes} do not fit: ${room}; choose a larger node network`];
}

/** Pods, Services, nodes and the Internet are four places: an address that is in two of them has no one way to go. */
function checkOverlaps(networks: Networks): string[] {
  const ranges = namedRanges(networks);
  return ranges.flatMap(([name, range], index) =>
    ranges
      .slice(index + 1)
      .filter(([, other]) => cidrsOverlap(range, other))
      .map(([otherName, other]) => `${capital(name)} ${range.text} overlaps ${otherName} ${other.text}`),
  );
}

function namedRanges({ podCIDR, serviceCIDR, nodeNetwork, farSubnet }: Networks): readonly (readonly [string, Cidr])[] {
  return [
    ['the pod network', podCIDR],
    ['the Service network', serviceCIDR],
    ['the node network', nodeNetwork],
    ...(farSubnet
      ? ([
          ['the second node subnet', farSubnet],
          ["the range of the router's uplink", UPLINK_NET],
        ] as const)
      : []),
    ['the range that stands for the Internet', INTERNET[podCIDR.family].net],
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Nodes that the network has addresses for: .11 upward to the last host address, without the client's. */
const nodeAddresses = (nodeNetwork: Cidr): number => 2 ** (32 - nodeNetwork.prefix) - 1 - FIRST_NODE_OFFSET - 1;

/** In IPv6 the digits are the same, so that node-1 is `::11`, as an administrator would number it. */
const hostAt = (range: Cidr, offset: number): Ip =>
  cidrNth(range, range.family === 4 ? offset : Number.parseInt(String(offset), 16));

/**
 * The node controller hands out ranges in the order in which nodes join: node-1 has the first one.
 * SIMPLIFIED: pods may also run on the control plane, which kubeadm taints, so that a cluster of one node works.
 */
function planNode(index: number, input: ClusterInput, networks: readonly Networks[]): ClusterNode {
  const { farSubnet: far, zones = [] } = input;
  const offset = FIRST_NODE_OFFSET + index;
  const ips = networks.map(({ nodeNetwork, farSubnet }) => {
    const range = farSubnet && far && index + 1 >= far.fromNode ? farSubnet : nodeNetwork;
    return hostAt(range, offset < CLIENT_OFFSET ? offset : offset + 1);
  });
  const podCIDRs = networks.map(({ podCIDR, nodeMask }) =>
    cidr(`${cidrNth(podCIDR, index * 2 ** (WIDTH[podCIDR.family] - nodeMask))}/${nodeMask}`),
  );
  const kubelet = { proto: 'tcp', port: KUBELET_PORT, program: 'kubelet' } as const;
  const apiServer = { proto: 'tcp', port: API_SERVER_PORT, program: 'kube-apiserver' } as const;
  return {
    name: `node-${index + 1}`,
    ...both(ips),
    podCIDR: must(podCIDRs[0], 'a pod network'),
    ...(podCIDRs.length > 1 && { podCIDRs }),
    role: index === 0 ? 'control-plane' : 'worker',
    ...(zones[index] ? { zone: zones[index] } : {}),
    listens: index === 0 ? [kubelet, apiServer] : [kubelet],
  };
}

const both = (ips: readonly Ip[]): Pick<ClusterNode, 'ip' | 'ips'> => ({
  ip: must(ips[0], 'an address'),
  ...(ips.length > 1 && { ips }),
});

/** Without a router of the cluster's own, the machine that stands for the Internet is the nodes' gateway. */
function planExternals(networks: readonly Networks[], router: ClusterRouter | undefined): ExternalHost[] {
  const web = (port: number) => ({ proto: 'tcp', port, program: 'web server' }) as const;
  const at = (offset: number): Pick<ExternalHost, 'ip' | 'ips'> =>
    both(networks.map(({ nodeNetwork }) => hostAt(nodeNetwork, offset)));
  const resolver = (proto: 'udp' | 'tcp') => ({ proto, port: 53, program: RESOLVER_PROGRAM }) as const;
  const families = networks.map(({ podCIDR }) => podCIDR.family);
  return [
    {
      name: 'internet',
      ...(router ? { ip: cidrNth(router.uplink.cidr, GATEWAY_OFFSET) } : at(GATEWAY_OFFSET)),
      lo: [...families.map((family) => INTERNET[family].host), ...families.map(publicResolver)],
      listens: [web(80), web(443), resolver('udp'), resolver('tcp')],
      isGateway: true,
    },
    { name: 'client', ...at(CLIENT_OFFSET), lo: [], listens: [], isGateway: false },
    ...(router ? [{ name: router.name, ...at(GATEWAY_OFFSET), lo: [], listens: [], isGateway: false }] : []),
  ];
}
