/**
 * The reference cluster: three nodes, nine pods, and a Service of every kind that matters. It is the cluster of the recorded kernel traces,
 * so golden texts of drivers can be held against what a real node printed.
 */
import { must } from '../../base/assert.ts';
import type { Cluster, ClusterPod, ClusterService, Endpoint, Listening } from '../../kube/cluster.ts';
import type { MakeIpam } from '../../kube/ipam.ts';
import { cidr, type Ip, ip } from '../../wire/ip.ts';

const tcp = (...ports: number[]): Listening[] => ports.map((port) => ({ proto: 'tcp', port, program: 'server' }));
const udp = (...ports: number[]): Listening[] => ports.map((port) => ({ proto: 'udp', port, program: 'server' }));

function pod(name: string, node: number, host: number, listens: readonly Listening[] = []): ClusterPod {
  return {
    namespace: 'default',
    name,
    node: `node-${node}`,
    ip: ip(`10.244.${node}.${host}`),
    labels: { app: name.replace(/-\d+$/, '') },
    listens,
    ready: true,
    owner: `Pod default/${name}`,
  };
}

const PODS: readonly ClusterPod[] = [
  pod('web-1', 1, 2, tcp(8080)),
  pod('tool-1', 1, 3),
  pod('web-2', 2, 2, tcp(8080)),
  pod('tool-2', 2, 3),
  pod('api-2', 2, 4, tcp(8080)),
  pod('web-3', 3, 2, tcp(8080)),
  pod('tool-3', 3, 3),
  pod('db-3', 3, 4, tcp(5432)),
  pod('dns-3', 3, 5, udp(5353)),
];

function endpoints(port: number, ...names: string[]): Endpoint[] {
  const chosen = PODS.filter((candidate) => names.includes(candidate.name));
  return chosen.map(({ ip: address, node, namespace, name }) => ({
    ip: address,
    port,
    node,
    ready: true,
    serving: true,
    terminating: false,
    pod: `${namespace}/${name}`,
  }));
}

interface ServiceSketch extends Partial<Omit<ClusterService, 'ports' | 'clusterIP'>> {
  readonly name: string;
  readonly clusterIP: string;
  readonly port: number;
  readonly portName?: string;
  readonly protocol?: 'TCP' | 'UDP';
  readonly nodePort?: number;
  readonly endpoints: readonly Endpoint[];
}

function service(sketch: ServiceSketch): ClusterService {
  const { clusterIP, port, portName, protocol, nodePort, endpoints: list, ...rest } = sketch;
  return {
    namespace: 'default',
    type: nodePort === undefined ? 'ClusterIP' : 'NodePort',
    selector: {},
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    externalIPs: [],
    loadBalancerIPs: [],
    loadBalancerSourceRanges: [],
    ...rest,
    clusterIP: ip(clusterIP),
    ports: [
      {
        name: portName ?? 'http',
        protocol: protocol ?? 'TCP',
        port,
        targetPort: list[0]?.port ?? port,
        ...(nodePort === undefined ? {} : { nodePort }),
        endpoints: list,
      },
    ],
  };
}

const API_SERVER: Endpoint = {
  ip: ip('192.168.56.11'),
  port: 6443,
  ready: true,
  serving: true,
  terminating: false,
};

const SERVICES: readonly ClusterService[] = [
  service({ name: 'kubernetes', clusterIP: '10.96.0.1', port: 443, portName: 'https', endpoints: [API_SERVER] }),
  service({
    name: 'web',
    clusterIP: '10.96.0.10',
    port: 80,
    nodePort: 30080,
    endpoints: endpoints(8080, 'web-1', 'web-2', 'web-3'),
  }),
  service({
    name: 'api',
    clusterIP: '10.96.0.20',
    port: 80,
    nodePort: 30081,
    externalTrafficPolicy: 'Local',
    endpoints: endpoints(8080, 'api-2'),
  }),
  service({
    name: 'solo',
    clusterIP: '10.96.0.30',
    port: 80,
    nodePort: 30082,
    endpoints: endpoints(8080, 'web-1'),
  }),
  service({ name: 'empty', clusterIP: '10.96.0.40', port: 80, nodePort: 30083, endpoints: [] }),
  service({
    namespace: 'kube-system',
    name: 'kube-dns',
    clusterIP: '10.96.0.53',
    port: 53,
    portName: 'dns',
    protocol: 'UDP',
    nodePort: 30053,
    endpoints: endpoints(5353, 'dns-3'),
  }),
  service({
    name: 'sticky',
    clusterIP: '10.96.0.60',
    port: 80,
    sessionAffinity: { type: 'ClientIP', timeoutSeconds: 10_800 },
    endpoints: endpoints(8080, 'web-1', 'web-2'),
  }),
  service({
    name: 'udpclosed',
    clusterIP: '10.96.0.70',
    port: 53,
    portName: 'dns',
    protocol: 'UDP',
    endpoints: endpoints(5353, 'tool-2'),
  }),
];

/** A cluster as another address management would have it: the same pods on the same nodes, with the addresses that it gives them. */
export function readdressed(cluster: Cluster, makeIpam: MakeIpam | undefined): Cluster {
  if (!makeIpam) return cluster;
  const ipam = makeIpam(cluster);
  const now = new Map(cluster.pods.map(({ node, ip: before }) => [before, must(ipam.take(node), 'a free address')]));
  const at = <T extends { readonly ip: Ip }>(one: T): T => ({ ...one, ip: now.get(one.ip) ?? one.ip });
  return {
    ...cluster,
    ...(ipam.outsidePodCIDR ? { noClusterCIDR: true } : {}),
    pods: cluster.pods.map(at),
    nodes: cluster.nodes.map((node) => ({ ...node, ...ipam.holdings(node.name) })),
    services: cluster.services.map((one) => ({
      ...one,
      ports: one.ports.map((port) => ({ ...port, endpoints: port.endpoints.map(at) })),
    })),
  };
}

export const LAB: Cluster = {
  podCIDR: cidr('10.244.0.0/16'),
  serviceCIDR: cidr('10.96.0.0/12'),
  nodeNetwork: { cidr: cidr('192.168.56.0/24'), gateway: ip('192.168.56.1'), mtuBytes: 1500 },
  nodes: [1, 2, 3].map((n) => ({
    name: `node-${n}`,
    ip: ip(`192.168.56.1${n}`),
    podCIDR: cidr(`10.244.${n}.0/24`),
    role: n === 1 ? ('control-plane' as const) : ('worker' as const),
    listens: n === 1 ? tcp(6443) : [],
  })),
  pods: PODS,
  services: SERVICES,
  externals: [
    { name: 'internet', ip: ip('192.168.56.1'), lo: [ip('203.0.113.10')], listens: tcp(80), isGateway: true },
    { name: 'client', ip: ip('192.168.56.100'), lo: [], listens: [], isGateway: false },
  ],
};

/** The same with the third node on the other side of a router. */
export const APART: Cluster = {
  ...LAB,
  nodes: LAB.nodes.map((node, i) => (i === 2 ? { ...node, ip: ip('192.168.57.13') } : node)),
  router: {
    name: 'router',
    knowsPods: false,
    farSubnet: { cidr: cidr('192.168.57.0/24'), gateway: ip('192.168.57.1') },
    uplink: { cidr: cidr('198.51.100.0/30'), ip: ip('198.51.100.2') },
  },
  externals: [
    ...LAB.externals.map((host) => (host.isGateway ? { ...host, ip: ip('198.51.100.1') } : host)),
    { name: 'router', ip: ip('192.168.56.1'), lo: [], listens: [], isGateway: false },
  ],
};
