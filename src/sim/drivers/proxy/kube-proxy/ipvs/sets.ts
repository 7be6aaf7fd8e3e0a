/** The 17 sets of IPVS mode and what is in them (pkg/proxy/ipvs/proxier.go `syncProxyRules`, v1.33). */
import type { IpSet } from '../../../../linux/config.ts';
import { cidrHas, type Ip } from '../../../../wire/ip.ts';
import type { NodeView } from '../options.ts';
import type { ServicePort } from '../service-port.ts';
import { SETS, type SetId, setName } from './facts.ts';
import type { NodePlaces } from './places.ts';

export type Members = Readonly<Record<SetId, ReadonlySet<string>>>;
export type SetEntry = readonly [set: SetId, member: string];

const SET_IDS = Object.keys(SETS) as SetId[];

/** What Services put into the sets, each member once, and the addresses of kube-ipvs0. */
export function setMembers(
  services: Iterable<{ readonly entries: readonly SetEntry[] }>,
  bound: Iterable<Ip>,
): Members {
  const draft = Object.fromEntries(SET_IDS.map((id) => [id, new Set<string>()])) as Record<SetId, Set<string>>;
  for (const { entries } of services) for (const [set, member] of entries) draft[set].add(member);
  for (const ip of bound) draft.ipvsIPs.add(ip);
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

/** What one service port puts into the sets. */
export function setEntries(port: ServicePort, { nodeIP }: NodeView, { nodePorts }: NodePlaces): SetEntry[] {
  const draft: SetEntry[] = [];
  for (const endpoint of port.endpoints) {
    if (endpoint.local) draft.push(['loopBack', `${entry(port, endpoint.ip, endpoint.port)},${endpoint.ip}`]);
  }
  draft.push(['clusterIP', entry(port, port.clusterIP)]);
  const external = port.externalPolicyLocal ? 'externalIPLocal' : 'externalIP';
  for (const ip of port.externalIPs) draft.push([external, entry(port, ip)]);
  for (const ip of port.loadBalancerIPs) draft.push(...loadBalancer(port, ip, nodeIP));
  // Without an address for node ports kube-proxy leaves the Service here, and its health check port with it.
  if (port.nodePort !== null && nodePorts.length === 0) return draft;
  if (port.nodePort !== null) draft.push(...nodePort(port, port.nodePort, nodePorts));
  if (port.healthCheckNodePort !== null) draft.push(['healthCheckNodePort', String(port.healthCheckNodePort)]);
  return draft;
}

function loadBalancer(port: ServicePort, ip: Ip, nodeIP: Ip | null): SetEntry[] {
  const at = entry(port, ip);
  const ranges = port.sourceRanges.map((range): SetEntry => ['loadBalancerSourceCIDR', `${at},${range.text}`]);
  return [
    ['loadBalancer', at],
    ...(port.externalPolicyLocal ? [['loadBalancerLocal', at] as const] : []),
    ...(ranges.length > 0 ? [['loadBalancerFW', at] as const, ...ranges] : []),
    ...(allowsNode(port, nodeIP) ? [['loadBalancerSourceIP', `${at},${ip}`] as const] : []),
  ];
}

/** Whether the node itself may call the balancer's address. */
export const allowsNode = (port: ServicePort, nodeIP: Ip | null): boolean =>
  nodeIP !== null && port.sourceRanges.some((range) => cidrHas(range, nodeIP));

const NODE_PORT_SETS = {
  tcp: ['nodePortTCP', 'nodePortLocalTCP'],
  udp: ['nodePortUDP', 'nodePortLocalUDP'],
  sctp: ['nodePortSCTP', 'nodePortLocalSCTP'],
} as const;

/** A bitmap has room for one protocol's ports; SCTP has a hash of addresses and ports instead. */
function nodePort(port: ServicePort, number: number, nodePorts: readonly Ip[]): SetEntry[] {
  const { protocol, externalPolicyLocal } = port;
  const [all, local] = NODE_PORT_SETS[protocol];
  const texts = protocol === 'sctp' ? nodePorts.map((ip) => entry(port, ip, number)) : [String(number)];
  return texts.flatMap((text): SetEntry[] =>
    externalPolicyLocal
      ? [
          [all, text],
          [local, text],
        ]
      : [[all, text]],
  );
}
