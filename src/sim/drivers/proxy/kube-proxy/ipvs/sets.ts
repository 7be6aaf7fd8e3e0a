/** The 17 sets of IPVS mode and what is in them (pkg/proxy/ipvs/proxier.go `syncProxyRules`, v1.33). */
import type { IpSet } from '../../../../linux/config.ts';
import { cidrHas, type Ip } from '../../../../wire/ip.ts';
import type { NodeView } from '../options.ts';
import type { ServicePort } from '../service-port.ts';
import { SETS, type SetId, setName } from './facts.ts';
import { boundAddresses, type NodePlaces } from './places.ts';

export type Members = Readonly<Record<SetId, ReadonlySet<string>>>;
type Draft = Readonly<Record<SetId, Set<string>>>;

const SET_IDS = Object.keys(SETS) as SetId[];

export function setMembers(ports: readonly ServicePort[], view: NodeView, places: NodePlaces): Members {
  const draft = Object.fromEntries(SET_IDS.map((id) => [id, new Set<string>()])) as Draft;
  for (const port of ports) addService(draft, port, view, places);
  for (const ip of boundAddresses(ports, places)) draft.ipvsIPs.add(ip);
  return draft;
}

export function ipSets(members: Members, family: 4 | 6): IpSet[] {
  return SET_IDS.map((id) => ({
    name: setName(id, family),
    type: SETS[id][1],
    family,
    members: [...members[id]],
    origin: { by: 'kube-proxy', why: SETS[id][2] },
  }));
}

const entry = (port: ServicePort, ip: Ip, number = port.port): string => `${ip},${port.protocol}:${number}`;

function addService(draft: Draft, port: ServicePort, { nodeIP }: NodeView, { nodePorts }: NodePlaces): void {
  for (const endpoint of port.endpoints) {
    if (endpoint.local) draft.loopBack.add(`${entry(port, endpoint.ip, endpoint.port)},${endpoint.ip}`);
  }
  draft.clusterIP.add(entry(port, port.clusterIP));
  const external = port.externalPolicyLocal ? draft.externalIPLocal : draft.externalIP;
  for (const ip of port.externalIPs) external.add(entry(port, ip));
  for (const ip of port.loadBalancerIPs) addLoadBalancer(draft, port, ip, nodeIP);
  // Without an address for node ports kube-proxy leaves the Service here, and its health check port with it.
  if (port.nodePort !== null && nodePorts.length === 0) return;
  if (port.nodePort !== null) addNodePort(draft, port, port.nodePort, nodePorts);
  if (port.healthCheckNodePort !== null) draft.healthCheckNodePort.add(String(port.healthCheckNodePort));
}

function addLoadBalancer(draft: Draft, port: ServicePort, ip: Ip, nodeIP: Ip | null): void {
  const at = entry(port, ip);
  draft.loadBalancer.add(at);
  if (port.externalPolicyLocal) draft.loadBalancerLocal.add(at);
  if (port.sourceRanges.length === 0) return;
  draft.loadBalancerFW.add(at);
  for (const range of port.sourceRanges) draft.loadBalancerSourceCIDR.add(`${at},${range.text}`);
  if (allowsNode(port, nodeIP)) draft.loadBalancerSourceIP.add(`${at},${ip}`);
}

/** Whether the node itself may call the balancer's address. */
export const allowsNode = (port: ServicePort, nodeIP: Ip | null): boolean =>
  nodeIP !== null && port.sourceRanges.some((range) => cidrHas(range, nodeIP));

/** A bitmap has room for one protocol's ports; SCTP has a hash of addresses and ports instead. */
function addNodePort(draft: Draft, port: ServicePort, nodePort: number, nodePorts: readonly Ip[]): void {
  const { protocol, externalPolicyLocal } = port;
  const [all, local] = {
    tcp: [draft.nodePortTCP, draft.nodePortLocalTCP] as const,
    udp: [draft.nodePortUDP, draft.nodePortLocalUDP] as const,
    sctp: [draft.nodePortSCTP, draft.nodePortLocalSCTP] as const,
  }[protocol];
  const texts = protocol === 'sctp' ? nodePorts.map((ip) => entry(port, ip, nodePort)) : [String(nodePort)];
  for (const text of texts) {
    all.add(text);
    if (externalPolicyLocal) local.add(text);
  }
}
