/**
 * The cluster as the control plane sees it after scheduling, IPAM and endpoint discovery: the input of every driver.
 * Field names follow the Kubernetes API.
 */
import type { PortProtocol } from '../wire/frame.ts';
import { type Cidr, cidrHas, type Ip } from '../wire/ip.ts';
import type { ClusterPolicy } from './cluster-policy.ts';
import type { DnsPolicy } from './objects.ts';

export interface Cluster {
  /** Of the first family where there are two; `families.ts` has what asks for a certain one. */
  readonly podCIDR: Cidr;
  /** One of each family, beginning with `podCIDR`; absent: there is that one alone. */
  readonly podCIDRs?: readonly Cidr[];
  /** Pods have addresses of another network, and kube-proxy runs without `--cluster-cidr`. */
  readonly noClusterCIDR?: true;
  readonly serviceCIDR: Cidr;
  readonly serviceCIDRs?: readonly Cidr[];
  /** The network that the nodes stand on; with a router, the one of its subnets that the client is in too. */
  readonly nodeNetwork: NodeSubnet & { readonly mtuBytes: number };
  /** Absent: all nodes share `nodeNetwork`. `subnets.ts` tells who shares one. */
  readonly router?: ClusterRouter;
  readonly nodes: readonly ClusterNode[];
  readonly pods: readonly ClusterPod[];
  /** Pods that are on a node and have no network: the CNI plugin answered with an error. Absent: none. */
  readonly waiting?: readonly WaitingPod[];
  readonly services: readonly ClusterService[];
  /** What is enforced where the CNI enforces policies; absent: none. */
  readonly policies?: readonly ClusterPolicy[];
  /** NodeLocal DNSCache runs on every node; absent: it does not. */
  readonly nodeLocalDns?: NodeLocalDns;
  /** Machines outside the cluster: a client, the router with the Internet behind it, a cloud's load balancer. */
  readonly externals: readonly ExternalHost[];
  /** Absent: Services of type LoadBalancer wait for ever. */
  readonly balancer?: ClusterBalancer;
}

export interface NodeLocalDns {
  /** The addresses of its device, where it listens. */
  readonly ips: readonly Ip[];
  /** `--cluster-dns` of kubelet. */
  readonly clusterDns: Ip;
  /** Whom it asks for names of the cluster: a Service address that it has not taken itself. */
  readonly upstreams: readonly Ip[];
}

/** One Ethernet segment: its machines reach each other without a router. */
export interface NodeSubnet {
  readonly cidr: Cidr;
  readonly gateway: Ip;
  /** The same segment in the other family. */
  readonly second?: { readonly cidr: Cidr; readonly gateway: Ip };
}

/** A Linux machine between two node subnets, and the gateway of both. It is one of the externals, too. */
export interface ClusterRouter {
  readonly name: string;
  /** Somebody gave it routes to the pods of each node; else it knows nothing of pods. */
  readonly knowsPods: boolean;
  /** The second node subnet; its other leg is the gateway of `nodeNetwork`. */
  readonly farSubnet: NodeSubnet;
  /** Its third leg, a cable to the machine that stands for the Internet. */
  readonly uplink: { readonly cidr: Cidr; readonly ip: Ip };
}

export interface ClusterNode {
  readonly name: string;
  readonly ip: Ip;
  /** One of each family, beginning with `ip`; absent: it has that one alone. */
  readonly ips?: readonly Ip[];
  /** `spec.podCIDR`, from kube-controller-manager. Not every CNI looks at it. */
  readonly podCIDR: Cidr;
  readonly podCIDRs?: readonly Cidr[];
  /** Networks that the CNI's own address management gave to the node; absent: it uses `podCIDR`. */
  readonly blocks?: readonly Cidr[];
  /** The address that the CNI's address management keeps for the node itself. */
  readonly tunnelIp?: Ip;
  readonly tunnelIps?: readonly Ip[];
  readonly role: 'control-plane' | 'worker';
  /** The node is not ready: what its Ready condition says. */
  readonly notReady?: string;
  /** Its label `topology.kubernetes.io/zone`; absent without one. */
  readonly zone?: string;
  readonly listens: readonly Listening[];
}

export interface ClusterPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly ip: Ip;
  /** `status.podIPs`: one of each family, beginning with `ip`; absent: it has that one alone. */
  readonly ips?: readonly Ip[];
  readonly labels: Readonly<Record<string, string>>;
  readonly listens: readonly Listening[];
  readonly ready: boolean;
  /** On the host's network: its address is the node's, and no CNI plugin was ever called for it. */
  readonly hostNetwork?: true;
  /** Ports of the node that lead to the pod, as the runtime asks the CNI for them. */
  readonly hostPorts?: readonly ClusterHostPort[];
  /** What runs in its one network namespace, in the order in which it was started; absent where only `listens` is known. */
  readonly containers?: readonly ClusterContainer[];
  /** `Deployment default/web`, or `Pod default/web-1` itself. */
  readonly owner: string;
  /** Overrides the name that the CNI plugin would choose for the node's end of the pod's veth. */
  readonly veth?: string;
  /** Absent: ClusterFirst. */
  readonly dnsPolicy?: DnsPolicy;
  readonly dnsConfig?: ClusterDnsConfig;
}

export interface ClusterDnsConfig {
  readonly nameservers?: readonly Ip[];
  readonly searches?: readonly string[];
  readonly options?: readonly { readonly name: string; readonly value?: string }[];
}

/** `ContainerCreating`: its sandbox could not be set up, and kubelet tries again and again. */
export interface WaitingPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly owner: string;
  /** What the plugin answers. */
  readonly error: string;
}

/** One of CNI's `portMappings`. */
export interface ClusterHostPort {
  readonly proto: Listening['proto'];
  readonly hostPort: number;
  readonly containerPort: number;
  /** Absent: every address of the node. */
  readonly hostIP?: Ip;
}

/** One program of a pod. All of them share the pod's network namespace, so its addresses and its ports. */
export interface ClusterContainer {
  readonly name: string;
  readonly role: 'app' | 'init' | 'sidecar';
  /** As its manifest declares them, or as it is assumed to have them. */
  readonly ports: readonly Pick<Listening, 'proto' | 'port'>[];
  /** As `kubectl get pod` says it. A container that waits for the ones before it is `PodInitializing`. */
  readonly state: 'Running' | 'Completed' | 'CrashLoopBackOff' | 'PodInitializing';
  /** What it printed before it ended with an error. */
  readonly lastWords?: string;
}

/** A port that a program of a pod or host listens on. */
export interface Listening {
  readonly proto: PortProtocol;
  readonly port: number;
  readonly program: string;
  /** `namespace/name` of the pod on the host's network that it belongs to. */
  readonly pod?: string;
  /** False after the person stopped it. */
  readonly up?: boolean;
}

export interface ClusterService {
  readonly namespace: string;
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** ExternalName: what its name is another name of. */
  readonly externalName?: string;
  /** `None` for headless Services, absent for ExternalName. */
  readonly clusterIP?: Ip | 'None';
  /** One of each family, beginning with `clusterIP`; absent: it has that one alone, or none. */
  readonly clusterIPs?: readonly Ip[];
  /** In the order of its addresses; absent: the cluster is of IPv4 alone, or the type is ExternalName. */
  readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[];
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ClusterServicePort[];
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly sessionAffinity?: { readonly type: 'ClientIP'; readonly timeoutSeconds: number };
  readonly externalIPs: readonly Ip[];
  /** `status.loadBalancer.ingress[].ip`. */
  readonly loadBalancerIPs: readonly Ip[];
  /** Their `ipMode`; absent: VIP. With Proxy the address is the balancer's alone, and service proxies do not take it (KEP-1860). */
  readonly ipMode?: 'Proxy';
  readonly loadBalancerSourceRanges: readonly Cidr[];
  readonly healthCheckNodePort?: number;
  readonly trafficDistribution?: TrafficDistribution;
  /** The annotation `service.kubernetes.io/topology-mode`. */
  readonly topologyMode?: 'Auto';
}

export type TrafficDistribution = 'PreferClose' | 'PreferSameZone' | 'PreferSameNode';

export interface ClusterServicePort {
  /** Empty for the single unnamed port. */
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly targetPort: number | string;
  readonly nodePort?: number;
  /** Endpoints of this port, as EndpointSlices would list them: those of the first family, then those of the second. */
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  readonly ip: Ip;
  readonly port: number;
  /** Absent where the slice names no node (the `kubernetes` Service). */
  readonly node?: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** `namespace/name` of the pod behind it. */
  readonly pod?: string;
  /** The name that it has under its Service's. */
  readonly hostname?: string;
  /** The zone of its node. */
  readonly zone?: string;
  /** For whom the EndpointSlice controller means it; absent: for everybody. */
  readonly zoneHints?: readonly string[];
  readonly nodeHints?: readonly string[];
}

export interface ExternalHost {
  readonly name: string;
  readonly ip: Ip;
  readonly ips?: readonly Ip[];
  /** Addresses on its loopback: what stands for the Internet. */
  readonly lo: readonly Ip[];
  readonly listens: readonly Listening[];
  /** It routes for the node network and drops private ranges, as an upstream router does. */
  readonly isGateway: boolean;
  /** A cloud's load balancer. */
  readonly isBalancer?: true;
}

/** Who gives Services of type LoadBalancer their addresses. */
export interface ClusterBalancer {
  /** As it signs what it does: `cloud-controller-manager`. */
  readonly by: string;
  readonly pool: AddressPool;
  /** kube-proxy was told `strictARP: true`, as its installation asks. */
  readonly strictArp?: true;
  /** The machine that packets for these addresses come to; absent: the nodes take them themselves. */
  readonly machine?: ExternalHost;
}

export interface AddressPool {
  readonly first: Ip;
  readonly last: Ip;
  /** `192.0.2.0/24`, `192.168.56.200-192.168.56.250`. */
  readonly text: string;
  /** Absent: its addresses are among those of the node network. */
  readonly net?: Cidr;
}

/** The addresses of a Service that its service proxies take. */
export const proxiedAddresses = ({ loadBalancerIPs, ipMode }: ClusterService): readonly Ip[] =>
  ipMode === 'Proxy' ? [] : loadBalancerIPs;

/** Networks whose addresses the node gives to its pods. */
export const podNetworks = ({ blocks, podCIDR, podCIDRs }: ClusterNode): readonly Cidr[] =>
  blocks ?? podCIDRs ?? [podCIDR];

/** The one of them that an address is in. */
export const podNetworkWith = (node: ClusterNode, ip: Ip): Cidr | undefined =>
  podNetworks(node).find((net) => cidrHas(net, ip));

/** `namespace/name` of a pod, which is also the id of its network namespace, where it has one of its own. */
export const podNs = (pod: { readonly namespace: string; readonly name: string }): string =>
  `${pod.namespace}/${pod.name}`;

/** The id of the network namespace that a pod's programs run in. */
export const nsOfPod = (pod: ClusterPod): string => (pod.hostNetwork ? pod.node : podNs(pod));

/** The cluster as a CNI knows it: it is never called for pods on the host's network. */
export function onPodNetwork(cluster: Cluster): Cluster {
  if (!cluster.pods.some(({ hostNetwork }) => hostNetwork)) return cluster;
  return { ...cluster, pods: cluster.pods.filter(({ hostNetwork }) => !hostNetwork) };
}

/** `ns/name:port`, or `ns/name` for an unnamed port, as kube-proxy prints it. */
export const servicePortName = (
  service: { readonly namespace: string; readonly name: string },
  port: { readonly name: string },
): string => `${service.namespace}/${service.name}${port.name === '' ? '' : `:${port.name}`}`;
