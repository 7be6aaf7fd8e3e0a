/** The 17 sets of IPVS mode and what is in them (pkg/proxy/ipvs/proxier.go `syncProxyRules`, v1.33). */
import { JoinedMaps } from '../../../../base/joined-map.ts';
import type { IpSet } from '../../../../linux/config.ts';
import { cidrHas, type Ip } from '../../../../wire/ip.ts';
import type { NodeView } from '../options.ts';
import type { ServicePort } from '../service-port.ts';
import { SETS, type SetId, setName } from './facts.ts';
import type { NodePlaces } from './places.ts';

/** By member, so that one that several Services put in is there once. */
export type Members = Readonly<Record<SetId, Joined>>;

interface Joined {
  readonly size: number;
  toArray(): readonly (readonly [member: string, ...unknown[]])[];
}
export type SetEntry = readonly [set: SetId, member: string];
/** The same by set. */
export type SetEntries = Readonly<Partial<Record<SetId, readonly (readonly [member: string, isIn: true])[]>>>;

const SET_IDS = Object.keys(SETS) as SetId[];
const NONE: readonly never[] = [];

/** Of how many nodes the sets of the last sync are kept: a new sync then costs what has changed. */
const SYNCS_KEPT = 16;
const joined = new JoinedMaps<{ readonly entries: SetEntries }, true>(SYNCS_KEPT * SET_IDS.length);

export function bySet(entries: readonly SetEntry[]): SetEntries {
  const found: { [id in SetId]?: (readonly [string, true])[] } = {};
  for (const [set, member] of entries) {
    found[set] ??= [];
    found[set].push([member, true]);
  }
  return found;
}

/** What Services put into the sets of a node, and the addresses of kube-ipvs0. */
export function setMembers(
  node: string,
  services: readonly { readonly entries: SetEntries }[],
  bound: Joined,
): Members {
  const members = SET_IDS.map((id): [SetId, Joined] => [
    id,
    id === 'ipvsIPs' ? bound : joined.make(`${node} ${id}`, services, ({ entries }) => entries[id] ?? NONE),
  ]);
  return Object.fromEntries(members) as Members;
}

export function ipSets(members: Members, family: 4 | 6): IpSet[] {
  return SET_IDS.map((id) => ({
    name: setName(id, family),
    type: SETS[id][1],
    family,
    members: members[id].toArray().map(([member]) => member),
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
