/** Services as one proxier sees them: a record per service port, of one address family (pkg/proxy/serviceport.go, endpointslicecache.go, v1.33). */
import { Kept } from '../../../base/kept.ts';
import {
  type ClusterService,
  type ClusterServicePort,
  type Endpoint,
  proxiedAddresses,
  servicePortName,
} from '../../../kube/cluster.ts';
import { clusterIPIn } from '../../../kube/families.ts';
import type { NodePlace } from '../../../kube/hinted.ts';
import { type Cidr, familyOf, type Ip } from '../../../wire/ip.ts';
import type { NodeView } from './options.ts';

export interface ServicePort {
  /** `ns/name:port`. */
  readonly name: string;
  /** `ns/name`. */
  readonly service: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly clusterIP: Ip;
  readonly port: number;
  readonly nodePort: number | null;
  readonly externalIPs: readonly Ip[];
  readonly loadBalancerIPs: readonly Ip[];
  readonly sourceRanges: readonly Cidr[];
  readonly externalPolicyLocal: boolean;
  readonly internalPolicyLocal: boolean;
  readonly healthCheckNodePort: number | null;
  /** ClientIP affinity; null without. */
  readonly affinitySeconds: number | null;
  readonly endpoints: readonly ProxyEndpoint[];
  /** Where this proxier runs, for topology hints; absent: it does not heed them. */
  readonly node?: NodePlace;
}

export interface ProxyEndpoint {
  readonly ip: Ip;
  readonly port: number;
  /** `ip:port`: what the list is sorted by and what names its chain. */
  readonly text: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** On this node. An endpoint without a node name is local nowhere. */
  readonly local: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints?: readonly string[];
}

/** Some traffic from outside can be addressed to it. */
export function isAccessible(port: Pick<ServicePort, 'nodePort' | 'externalIPs' | 'loadBalancerIPs'>): boolean {
  return port.nodePort !== null || port.loadBalancerIPs.length > 0 || port.externalIPs.length > 0;
}

/** The ports of one Service, of one family, by name. The same Service gives the same list: what is written for it can be kept. */
export type PortsOfService = readonly ServicePort[];

/** The ports of every Service by name. The real order is that of a Go map: any. A fixed one keeps a plan a function of the cluster. */
export function servicePorts(
  services: readonly ClusterService[],
  { family, nodeName, zone = '' }: Pick<NodeView, 'family' | 'nodeName' | 'zone'>,
): readonly PortsOfService[] {
  const node = { name: nodeName, zone };
  const given = `${family} ${nodeName} ${zone}`;
  const all = read.list(services, given, (service) => readService(service, family, node).sort(byName));
  const found = all.filter((ports) => ports.length > 0);
  if (isSorted(found)) lastSorted = found;
  else found.sort(byFirst);
  return found;
}

/** What was in order the last time: where the same names stand in the same places, nothing need be compared. */
let lastSorted: readonly PortsOfService[] = [];

const read = new Kept<ClusterService, PortsOfService>();

const byName = (a: ServicePort, b: ServicePort): number =>
  compareText(a.name, b.name) || compareText(a.protocol, b.protocol);

/** No port of another Service stands between those of one: all begin with its name and a colon. */
const byFirst = ([a]: PortsOfService, [b]: PortsOfService): number => (a && b ? byName(a, b) : 0);

function isSorted(services: readonly PortsOfService[]): boolean {
  const before = lastSorted;
  const isSame = (ports: PortsOfService, at: number): boolean =>
    ports === before[at] || ports[0]?.name === before[at]?.[0]?.name;
  if (services.length === before.length && services.every(isSame)) return true;
  for (let i = 1; i < services.length; i++) {
    if ((services[i - 1]?.[0]?.name ?? '') >= (services[i]?.[0]?.name ?? '')) return false;
  }
  return true;
}

function readService(service: ClusterService, family: 4 | 6, node: NodePlace): ServicePort[] {
  const { type } = service;
  const clusterIP = clusterIPIn(service, family);
  if (clusterIP === undefined) return [];
  const isOurs = (ip: Ip): boolean => familyOf(ip) === family;
  const wantsLocal = service.externalTrafficPolicy === 'Local';
  const perService = {
    service: `${service.namespace}/${service.name}`,
    clusterIP,
    externalIPs: service.externalIPs.filter(isOurs),
    loadBalancerIPs: proxiedAddresses(service).filter(isOurs),
    sourceRanges: service.loadBalancerSourceRanges.filter((range) => range.family === family),
    externalPolicyLocal: wantsLocal && (type !== 'ClusterIP' || service.externalIPs.length > 0),
    internalPolicyLocal: service.internalTrafficPolicy === 'Local',
    healthCheckNodePort: type === 'LoadBalancer' && wantsLocal ? (service.healthCheckNodePort ?? null) : null,
    affinitySeconds: service.sessionAffinity?.timeoutSeconds ?? null,
    node,
  };
  return service.ports.map((port) => ({
    ...perService,
    name: servicePortName(service, port),
    protocol: port.protocol.toLowerCase() as ServicePort['protocol'],
    port: port.port,
    nodePort: port.nodePort ?? null,
    endpoints: readEndpoints(port, family, node.name),
  }));
}

/** Sorted as text, so `10.0.0.10:80` comes before `10.0.0.9:80`. Of two entries with one address, the non-terminating one stays. */
function readEndpoints(port: ClusterServicePort, family: 4 | 6, nodeName: string): ProxyEndpoint[] {
  const byText = new Map<string, ProxyEndpoint>();
  for (const endpoint of port.endpoints) {
    if (familyOf(endpoint.ip) !== family) continue;
    const found = readEndpoint(endpoint, nodeName);
    const known = byText.get(found.text);
    if (!known || (known.terminating && !found.terminating)) byText.set(found.text, found);
  }
  return [...byText.values()].sort((a, b) => compareText(a.text, b.text));
}

const UNHINTED: readonly string[] = [];

function readEndpoint(endpoint: Endpoint, nodeName: string): ProxyEndpoint {
  const { ip, port, ready, serving, terminating, zoneHints = UNHINTED, nodeHints } = endpoint;
  const host = familyOf(ip) === 6 ? `[${ip}]` : ip;
  return {
    ip,
    port,
    text: `${host}:${port}`,
    ready,
    serving,
    terminating,
    local: endpoint.node === nodeName,
    zoneHints,
    ...(nodeHints && { nodeHints }),
  };
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
