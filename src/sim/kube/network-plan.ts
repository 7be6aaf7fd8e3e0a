import { err, ok, type Result } from '../base/result.ts';
import { type Cidr, cidr, cidrNth, cidrsOverlap, ip, parseCidr } from '../wire/ip.ts';
import { capacityOf } from './capacity.ts';
import type { Cluster, ClusterNode, ClusterRouter, ExternalHost, NodeSubnet } from './cluster.ts';
import type { ClusterInput, ClusterProblem } from './cluster-input.ts';

/** What a browser tab still draws and computes at once. */
export const NODES_MAX = 500;

/** kube-controller-manager stops when a node's range is more than 16 bits longer than the pod CIDR (ipam/cidrset). */
const NODE_MASK_DISTANCE_MAX = 16;
/** kube-apiserver refuses larger Service ranges. */
const SERVICE_PREFIX_MIN = 12;
/** kube-apiserver wants at least 8 Service addresses (pkg/controlplane/services.go). */
const SERVICE_PREFIX_MAX = 29;
/** Two host addresses: the gateway and one pod. */
const NODE_MASK_MAX = 30;
/** Large enough for the client at .100. */
const NODE_NETWORK_PREFIX_MAX = 25;

const GATEWAY_OFFSET = 1;
const FIRST_NODE_OFFSET = 11;
const CLIENT_OFFSET = 100;

const KUBELET_PORT = 10250;
export const API_SERVER_PORT = 6443;

/** Documentation range (RFC 5737) that stands for the Internet. */
const INTERNET_NET = cidr('203.0.113.0/24');
const INTERNET_HOST = ip('203.0.113.10');
/** Another one, for the cable between the router of two node subnets and the Internet. */
const UPLINK_NET = cidr('198.51.100.0/30');

export type NetworkPlan = Pick<Cluster, 'podCIDR' | 'serviceCIDR' | 'nodeNetwork' | 'router' | 'nodes' | 'externals'>;

type Networks = {
  readonly podCIDR: Cidr;
  readonly serviceCIDR: Cidr;
  readonly nodeNetwork: Cidr;
  readonly farSubnet?: Cidr;
};

/** Nodes and machines around them with their addresses, or every reason why the sizes do not fit. */
export function planNetwork(input: ClusterInput): Result<NetworkPlan, ClusterProblem[]> {
  const networks = readNetworks(input);
  if (!networks.ok) return err(networks.error.map(asProblem));
  const reasons = [...checkSizes(input, networks.value), ...checkOverlaps(networks.value)];
  if (reasons.length > 0) return err(reasons.map(asProblem));
  const { podCIDR, serviceCIDR, nodeNetwork, farSubnet } = networks.value;
  const router = farSubnet && planRouter(farSubnet, input.farSubnet?.podRoutes === true);
  return ok({
    podCIDR,
    serviceCIDR,
    nodeNetwork: { ...subnet(nodeNetwork), mtuBytes: input.mtuBytes },
    ...(router && { router }),
    nodes: Array.from({ length: input.nodes }, (_, index) => planNode(index, input, networks.value)),
    externals: planExternals(nodeNetwork, router),
  });
}

const subnet = (range: Cidr): NodeSubnet => ({ cidr: range, gateway: cidrNth(range, GATEWAY_OFFSET) });

const planRouter = (farSubnet: Cidr, knowsPods: boolean): ClusterRouter => ({
  name: 'router',
  knowsPods,
  farSubnet: subnet(farSubnet),
  uplink: { cidr: UPLINK_NET, ip: cidrNth(UPLINK_NET, 2) },
});

const asProblem = (text: string): ClusterProblem => ({ ref: 'cluster', text });

function readNetworks(input: ClusterInput): Result<Networks, string[]> {
  const reasons: string[] = [];
  const read = (field: string, text: string): Cidr => {
    const parsed = parseCidr(text);
    if (!parsed.ok) reasons.push(`${field}: ${parsed.error}`);
    else if (parsed.value.family === 6) reasons.push(`${field}: ${text} is IPv6, which is not modelled yet`);
    return parsed.ok ? parsed.value : INTERNET_NET;
  };
  const networks = {
    podCIDR: read('podCIDR', input.podCIDR),
    serviceCIDR: read('serviceCIDR', input.serviceCIDR),
    nodeNetwork: read('nodeNetwork', input.nodeNetwork),
    ...(input.farSubnet && { farSubnet: read('farSubnet', input.farSubnet.cidr) }),
  };
  return reasons.length > 0 ? err(reasons) : ok(networks);
}

function checkSizes(
  { nodes, nodeMask }: ClusterInput,
  { podCIDR, serviceCIDR, nodeNetwork, farSubnet }: Networks,
): string[] {
  const reasons: string[] = [];
  const check = (holds: boolean, reason: string): void => {
    if (!holds) reasons.push(reason);
  };
  const maskMax = Math.min(NODE_MASK_MAX, podCIDR.prefix + NODE_MASK_DISTANCE_MAX);
  const isMaskGood = Number.isInteger(nodeMask) && nodeMask >= podCIDR.prefix && nodeMask <= maskMax;
  check(Number.isInteger(nodes) && nodes >= 1, `nodes: ${nodes}: at least 1 is needed`);
  check(nodes <= NODES_MAX, `nodes: ${nodes}: at most ${NODES_MAX} are supported`);
  check(isMaskGood, `nodeMask: ${nodeMask}: must be between ${podCIDR.prefix} and ${maskMax} for ${podCIDR.text}`);
  if (isMaskGood) {
    const capacity = capacityOf(podCIDR, nodeMask).nodes;
    const room = `${podCIDR.text} with a /${nodeMask} for each node has room for ${capacity}`;
    check(nodes <= capacity, `nodes: ${nodes} do not fit: ${room}`);
  }
  check(
    serviceCIDR.prefix >= SERVICE_PREFIX_MIN && serviceCIDR.prefix <= SERVICE_PREFIX_MAX,
    `serviceCIDR: ${serviceCIDR.text}: the mask must be between ${SERVICE_PREFIX_MIN} and ${SERVICE_PREFIX_MAX}`,
  );
  reasons.push(...checkNodeNetwork('nodeNetwork', nodeNetwork, nodes));
  if (farSubnet) reasons.push(...checkNodeNetwork('farSubnet', farSubnet, nodes));
  return reasons;
}

function checkNodeNetwork(field: string, range: Cidr, nodes: number): string[] {
  if (range.prefix > NODE_NETWORK_PREFIX_MAX) {
    const needs = 'gateway at .1, nodes from .11 and the client at .100 need';
    return [`${field}: ${range.text} is too small: ${needs} a /${NODE_NETWORK_PREFIX_MAX} or larger`];
  }
  const capacity = nodeAddresses(range);
  const room = `${range.text} has addresses for ${capacity} nodes (from .11 upward, without the client's .100)`;
  return nodes <= capacity ? [] : [`nodes: ${nodes} do not fit: ${room}; choose a larger node network`];
}

/** Pods, Services, nodes and the Internet are four places: an address that is in two of them has no one way to go. */
function checkOverlaps({ podCIDR, serviceCIDR, nodeNetwork, farSubnet }: Networks): string[] {
  const ranges: readonly (readonly [string, Cidr])[] = [
    ['The pod network', podCIDR],
    ['the Service network', serviceCIDR],
    ['the node network', nodeNetwork],
    ...(farSubnet
      ? ([
          ['the second node subnet', farSubnet],
          ["the range of the router's uplink", UPLINK_NET],
        ] as const)
      : []),
    ['the range that stands for the Internet', INTERNET_NET],
  ];
  return ranges.flatMap(([name, range], index) =>
    ranges
      .slice(index + 1)
      .filter(([, other]) => cidrsOverlap(range, other))
      .map(([otherName, other]) => `${capital(name)} ${range.text} overlaps ${otherName} ${other.text}`),
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Nodes that the network has addresses for: .11 upward to the last host address, without the client's. */
const nodeAddresses = (nodeNetwork: Cidr): number => 2 ** (32 - nodeNetwork.prefix) - 1 - FIRST_NODE_OFFSET - 1;

/**
 * The node controller hands out ranges in the order in which nodes join: node-1 has the first one.
 * SIMPLIFIED: pods may also run on the control plane, which kubeadm taints, so that a cluster of one node works.
 */
function planNode(index: number, input: ClusterInput, { podCIDR, nodeNetwork, farSubnet }: Networks): ClusterNode {
  const { nodeMask, farSubnet: far, zones = [] } = input;
  const offset = FIRST_NODE_OFFSET + index;
  const range = farSubnet && far && index + 1 >= far.fromNode ? farSubnet : nodeNetwork;
  const kubelet = { proto: 'tcp', port: KUBELET_PORT, program: 'kubelet' } as const;
  const apiServer = { proto: 'tcp', port: API_SERVER_PORT, program: 'kube-apiserver' } as const;
  return {
    name: `node-${index + 1}`,
    ip: cidrNth(range, offset < CLIENT_OFFSET ? offset : offset + 1),
    podCIDR: cidr(`${cidrNth(podCIDR, index * 2 ** (32 - nodeMask))}/${nodeMask}`),
    role: index === 0 ? 'control-plane' : 'worker',
    ...(zones[index] ? { zone: zones[index] } : {}),
    listens: index === 0 ? [kubelet, apiServer] : [kubelet],
  };
}

/** Without a router of the cluster's own, the machine that stands for the Internet is the nodes' gateway. */
function planExternals(nodeNetwork: Cidr, router: ClusterRouter | undefined): ExternalHost[] {
  const web = (port: number) => ({ proto: 'tcp', port, program: 'web server' }) as const;
  return [
    {
      name: 'internet',
      ip: cidrNth(router?.uplink.cidr ?? nodeNetwork, GATEWAY_OFFSET),
      lo: [INTERNET_HOST],
      listens: [web(80), web(443)],
      isGateway: true,
    },
    { name: 'client', ip: cidrNth(nodeNetwork, CLIENT_OFFSET), lo: [], listens: [], isGateway: false },
    ...(router
      ? [{ name: router.name, ip: cidrNth(nodeNetwork, GATEWAY_OFFSET), lo: [], listens: [], isGateway: false }]
      : []),
  ];
}
