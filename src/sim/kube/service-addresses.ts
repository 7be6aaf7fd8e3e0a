/** Virtual addresses and node ports, allocated in the API server's bands, but from names: the same Service always gets the same. */
import { hash32 } from '../base/rng.ts';
import { type Cidr, cidrHas, cidrNth, type Ip, parseIp } from '../wire/ip.ts';
import type { ClusterProblem } from './cluster-input.ts';
import type { Family } from './families.ts';
import type { ServiceObject, ServicePortObject } from './objects.ts';
import { objectRef } from './objects-merge.ts';
import { clusterIPsAsked, goList, settleFamilies } from './service-families.ts';

/** `--service-node-port-range`. */
export const NODE_PORT_MIN = 30000;
export const NODE_PORT_MAX = 32767;

/** What the allocators gave to one Service. Node ports stand beside `ports` by index; undefined where none is used. */
export interface ServiceAddresses {
  /** `spec.ipFamilies`; empty for ExternalName. */
  readonly families: readonly Family[];
  /** One of each family; empty for headless Services and ExternalName. */
  readonly clusterIPs: readonly Ip[];
  readonly nodePorts: readonly (number | undefined)[];
  readonly healthCheckNodePort?: number;
}

/** The addresses of each Service by its reference, and what could not be allocated. `reserved`: given before any Service. */
export function allocateAddresses(
  services: readonly ServiceObject[],
  serviceCIDRs: readonly Cidr[],
  reserved: readonly Ip[],
): { readonly addresses: ReadonlyMap<string, ServiceAddresses>; readonly problems: readonly ClusterProblem[] } {
  const problems: ClusterProblem[] = [];
  const wanted = wantedAddresses(services, serviceCIDRs, problems);
  const given = new Map(
    serviceCIDRs.map((range) => [range.family, allocateClusterIPs(wanted, range, reserved, problems)] as const),
  );
  const ports = allocateNodePorts(services, problems);
  const addresses = new Map<string, ServiceAddresses>();
  for (const { service, families } of wanted) {
    const ref = objectRef(service);
    const clusterIPs = families.flatMap((family) => given.get(family)?.get(ref) ?? []);
    addresses.set(ref, { ...(ports.get(ref) ?? { nodePorts: [] }), families, clusterIPs });
  }
  return { addresses, problems };
}

interface Wanted {
  readonly service: ServiceObject;
  readonly families: readonly Family[];
  /** Beside `families`; empty: any. Absent where the Service has no addresses of its own. */
  readonly asked?: readonly string[];
}

function wantedAddresses(
  services: readonly ServiceObject[],
  serviceCIDRs: readonly Cidr[],
  problems: ClusterProblem[],
): readonly Wanted[] {
  const cluster = serviceCIDRs.map(({ family }) => family);
  return services.flatMap((service): Wanted[] => {
    const families = settleFamilies(service, cluster);
    if (!families.ok) {
      for (const text of families.error) problems.push({ ref: objectRef(service), text });
      return [];
    }
    const given = clusterIPsAsked(service);
    const hasNone = service.type === 'ExternalName' || given[0] === 'None';
    const asked = families.value.map((_, at) => given[at] ?? '');
    return [{ service, families: families.value, ...(!hasNone && { asked }) }];
  });
}

/** Asked-for addresses come first, so that a number that was chosen here never takes one that a manifest names. */
function allocateClusterIPs(
  wanted: readonly Wanted[],
  serviceCIDR: Cidr,
  reserved: readonly Ip[],
  problems: ClusterProblem[],
): ReadonlyMap<string, Ip> {
  const given = new Map<string, Ip>();
  const taken = new Set<Ip>(reserved);
  const waiting: ServiceObject[] = [];
  for (const { service, families, asked } of wanted) {
    const at = families.indexOf(serviceCIDR.family);
    if (at < 0 || !asked) continue;
    const text = asked[at] ?? '';
    if (text === '') waiting.push(service);
    else {
      const address = claimClusterIP(text, asked, serviceCIDR, taken);
      if (address.ok) given.set(objectRef(service), address.ip);
      else problems.push({ ref: objectRef(service), text: address.text });
    }
  }
  const bands = bandsOf(sizeOf(serviceCIDR), 16, 256, 16);
  for (const service of waiting) {
    const isFree = (n: number): boolean => !taken.has(cidrNth(serviceCIDR, 1 + n));
    const n = probe(bands, `${service.namespace}/${service.name}`, isFree);
    if (n === null) {
      // pkg/registry/core/service/ipallocator: ErrFull, reported by alloc.go as an internal error.
      problems.push({ ref: objectRef(service), text: 'failed to allocate a serviceIP: range is full' });
      continue;
    }
    const address = cidrNth(serviceCIDR, 1 + n);
    taken.add(address);
    given.set(objectRef(service), address);
  }
  return given;
}

/** Without the first address; IPv4 has a broadcast address to leave out, too. */
const sizeOf = ({ family, prefix }: Cidr): number => (family === 4 ? 2 ** (32 - prefix) - 2 : 2 ** (128 - prefix) - 1);

type Claim = { readonly ok: true; readonly ip: Ip } | { readonly ok: false; readonly text: string };

function claimClusterIP(text: string, asked: readonly string[], serviceCIDR: Cidr, taken: Set<Ip>): Claim {
  const parsed = parseIp(text);
  const refuse = (reason: string): Claim => ({
    ok: false,
    text: `spec.clusterIPs: Invalid value: ${goList(asked)}: ${reason}`,
  });
  if (!parsed.ok) return refuse('must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
  const address = parsed.value;
  const isEdge = address === serviceCIDR.base || (serviceCIDR.family === 4 && address === cidrNth(serviceCIDR, -1));
  if (!cidrHas(serviceCIDR, address) || isEdge) {
    const range = `The range of valid IPs is ${serviceCIDR.text}`;
    return refuse(`failed to allocate IP ${text}: the provided IP (${text}) is not in the valid range. ${range}`);
  }
  if (taken.has(address)) return refuse(`failed to allocate IP ${text}: provided IP is already allocated`);
  taken.add(address);
  return { ok: true, ip: address };
}

type NodePorts = Pick<ServiceAddresses, 'nodePorts' | 'healthCheckNodePort'>;

const usesNodePorts = (service: ServiceObject): boolean =>
  service.type === 'NodePort' || service.type === 'LoadBalancer';

function allocateNodePorts(
  services: readonly ServiceObject[],
  problems: ClusterProblem[],
): ReadonlyMap<string, NodePorts> {
  const exposed = services.filter(usesNodePorts);
  const taken = new Map<number, string>();
  for (const service of exposed) claimNodePorts(service, taken, problems);
  const bands = bandsOf(NODE_PORT_MAX - NODE_PORT_MIN + 1, 16, 128, 32);
  const given = new Map<string, NodePorts>();
  for (const service of exposed) {
    const ref = objectRef(service);
    const choose = (key: string): number | undefined => {
      const n = probe(bands, `${service.namespace}/${service.name} ${key}`, (m) => !taken.has(NODE_PORT_MIN + m));
      if (n === null) problems.push({ ref, text: 'failed to allocate a nodePort: range is full' });
      else taken.set(NODE_PORT_MIN + n, ref);
      return n === null ? undefined : NODE_PORT_MIN + n;
    };
    const isAllocated = service.type === 'NodePort' || service.allocateLoadBalancerNodePorts !== false;
    const nodePorts = chooseNodePorts(service.ports, isAllocated ? choose : () => undefined);
    const healthCheckNodePort = isChecked(service) ? service.healthCheckNodePort || choose('health-check') : undefined;
    given.set(ref, healthCheckNodePort === undefined ? { nodePorts } : { nodePorts, healthCheckNodePort });
  }
  return given;
}

/** pkg/api/service/util.go, NeedsHealthCheck. */
const isChecked = ({ type, externalTrafficPolicy }: ServiceObject): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/** One port number with TCP and UDP gets one node port for both (alloc.go, initNodePorts). */
function chooseNodePorts(
  ports: readonly ServicePortObject[],
  choose: (key: string) => number | undefined,
): readonly (number | undefined)[] {
  const givenTo: { readonly port: number; readonly protocol: string; readonly nodePort: number }[] = [];
  return ports.map(({ port, protocol = 'TCP', nodePort: asked = 0 }) => {
    const twin = givenTo.find((given) => given.port === port && given.protocol !== protocol);
    const nodePort = asked !== 0 ? asked : (twin?.nodePort ?? choose(`${port}/${protocol}`));
    if (nodePort !== undefined) givenTo.push({ port, protocol, nodePort });
    return nodePort;
  });
}

/** Asked-for node ports: in range and nobody else's. Within one Service a number may serve two protocols. */
function claimNodePorts(service: ServiceObject, taken: Map<number, string>, problems: ClusterProblem[]): void {
  const ref = objectRef(service);
  for (const [index, { nodePort = 0 }] of service.ports.entries()) {
    if (nodePort === 0) continue;
    const reason = whyNot(nodePort, (taken.get(nodePort) ?? ref) !== ref);
    const text = `spec.ports[${index}].nodePort: Invalid value: ${nodePort}: ${reason}`;
    if (reason === null) taken.set(nodePort, ref);
    else problems.push({ ref, text });
  }
  const { healthCheckNodePort: port = 0 } = service;
  if (port === 0 || !isChecked(service)) return;
  const reason = whyNot(port, taken.has(port));
  // alloc.go `allocHealthCheckNodePort`: an internal error, so it names no field.
  const text = `failed to allocate requested HealthCheck NodePort ${port}: ${reason}`;
  if (reason === null) taken.set(port, ref);
  else problems.push({ ref, text });
}

function whyNot(port: number, isTaken: boolean): string | null {
  if (port < NODE_PORT_MIN || port > NODE_PORT_MAX)
    return `provided port is not in the valid range. The range of valid ports is ${NODE_PORT_MIN}-${NODE_PORT_MAX}`;
  return isTaken ? 'provided port is already allocated' : null;
}

interface Bands {
  readonly size: number;
  /** Numbers below it are for manifests; free choice starts here and comes back to them last. */
  readonly dynamicFrom: number;
}

/**
 * `min(max(floor, size / step), ceiling)` numbers are kept for those who name theirs (KEP-3070, KEP-3668); none in a range so
 * small that nothing would be left.
 */
function bandsOf(size: number, floor: number, ceiling: number, step: number): Bands {
  const kept = Math.min(Math.max(floor, Math.floor(size / step)), ceiling);
  return { size, dynamicFrom: kept >= size ? 0 : kept };
}

/** The first free number from the key's own place on: upper band first, then the lower one. Null when all are taken. */
function probe({ size, dynamicFrom }: Bands, key: string, isFree: (n: number) => boolean): number | null {
  const upper = size - dynamicFrom;
  const start = hash32(key) % upper;
  for (let step = 0; step < upper; step++) {
    const n = dynamicFrom + ((start + step) % upper);
    if (isFree(n)) return n;
  }
  for (let n = 0; n < dynamicFrom; n++) if (isFree(n)) return n;
  return null;
}
