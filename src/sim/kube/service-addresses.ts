/** Virtual addresses and node ports, allocated in the API server's bands, but from names: the same Service always gets the same. */
import { hash32 } from '../base/rng.ts';
import { type Cidr, cidrHas, cidrNth, familyOf, type Ip, parseIp } from '../wire/ip.ts';
import type { ClusterProblem } from './cluster-input.ts';
import type { ServiceObject, ServicePortObject } from './objects.ts';
import { objectRef } from './objects-merge.ts';

/** `--service-node-port-range`. */
export const NODE_PORT_MIN = 30000;
export const NODE_PORT_MAX = 32767;

/** What the allocators gave to one Service. Node ports stand beside `ports` by index; undefined where none is used. */
export interface ServiceAddresses {
  readonly clusterIP?: Ip | 'None';
  readonly nodePorts: readonly (number | undefined)[];
  readonly healthCheckNodePort?: number;
}

/** The addresses of each Service by its reference, and what could not be allocated. `reserved`: given before any Service. */
export function allocateAddresses(
  services: readonly ServiceObject[],
  serviceCIDR: Cidr,
  reserved: readonly Ip[],
): { readonly addresses: ReadonlyMap<string, ServiceAddresses>; readonly problems: readonly ClusterProblem[] } {
  const problems: ClusterProblem[] = [];
  const clusterIPs = allocateClusterIPs(services, serviceCIDR, reserved, problems);
  const ports = allocateNodePorts(services, problems);
  const addresses = new Map<string, ServiceAddresses>();
  for (const service of services) {
    const ref = objectRef(service);
    const clusterIP = clusterIPs.get(ref);
    const given = ports.get(ref) ?? { nodePorts: [] };
    addresses.set(ref, clusterIP === undefined ? given : { ...given, clusterIP });
  }
  return { addresses, problems };
}

/** Asked-for addresses come first, so that a number that was chosen here never takes one that a manifest names. */
function allocateClusterIPs(
  services: readonly ServiceObject[],
  serviceCIDR: Cidr,
  reserved: readonly Ip[],
  problems: ClusterProblem[],
): ReadonlyMap<string, Ip | 'None'> {
  const given = new Map<string, Ip | 'None'>();
  const taken = new Set<Ip>(reserved);
  const waiting: ServiceObject[] = [];
  for (const service of services) {
    if (service.type === 'ExternalName') continue;
    const asked = service.clusterIP ?? '';
    if (asked === 'None') given.set(objectRef(service), 'None');
    else if (asked === '') waiting.push(service);
    else {
      const address = claimClusterIP(asked, serviceCIDR, taken);
      if (address.ok) given.set(objectRef(service), address.ip);
      else problems.push({ ref: objectRef(service), text: address.text });
    }
  }
  const bands = bandsOf(2 ** (32 - serviceCIDR.prefix) - 2, 16, 256, 16);
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

type Claim = { readonly ok: true; readonly ip: Ip } | { readonly ok: false; readonly text: string };

function claimClusterIP(asked: string, serviceCIDR: Cidr, taken: Set<Ip>): Claim {
  const parsed = parseIp(asked);
  const value = `Invalid value: []string{"${asked}"}`;
  const refuse = (reason: string): Claim => ({ ok: false, text: `spec.clusterIPs: ${value}: ${reason}` });
  if (!parsed.ok) return refuse('must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
  const address = parsed.value;
  const family = familyOf(address);
  // alloc.go `initIPFamilyFields`, before any allocator is asked.
  if (family !== serviceCIDR.family)
    return { ok: false, text: `spec.clusterIPs[0]: ${value}: IPv${family} is not configured on this cluster` };
  // The network and broadcast addresses of the range are outside what the allocator gives.
  const isEdge = address === serviceCIDR.base || address === cidrNth(serviceCIDR, -1);
  if (!cidrHas(serviceCIDR, address) || isEdge) {
    const range = `The range of valid IPs is ${serviceCIDR.text}`;
    return refuse(`failed to allocate IP ${asked}: the provided IP (${asked}) is not in the valid range. ${range}`);
  }
  if (taken.has(address)) return refuse(`failed to allocate IP ${asked}: provided IP is already allocated`);
  taken.add(address);
  return { ok: true, ip: address };
}

const usesNodePorts = (service: ServiceObject): boolean =>
  service.type === 'NodePort' || service.type === 'LoadBalancer';

function allocateNodePorts(
  services: readonly ServiceObject[],
  problems: ClusterProblem[],
): ReadonlyMap<string, ServiceAddresses> {
  const exposed = services.filter(usesNodePorts);
  const taken = new Map<number, string>();
  for (const service of exposed) claimNodePorts(service, taken, problems);
  const bands = bandsOf(NODE_PORT_MAX - NODE_PORT_MIN + 1, 16, 128, 32);
  const given = new Map<string, ServiceAddresses>();
  for (const service of exposed) {
    const ref = objectRef(service);
    const choose = (key: string): number | undefined => {
      const n = probe(bands, `${service.namespace}/${service.name} ${key}`, (m) => !taken.has(NODE_PORT_MIN + m));
      if (n === null) problems.push({ ref, text: 'failed to allocate a nodePort: range is full' });
      else taken.set(NODE_PORT_MIN + n, ref);
      return n === null ? undefined : NODE_PORT_MIN + n;
    };
    const nodePorts = chooseNodePorts(service.ports, choose);
    const isChecked = service.type === 'LoadBalancer' && service.externalTrafficPolicy === 'Local';
    const healthCheckNodePort = isChecked ? choose('health-check') : undefined;
    given.set(ref, healthCheckNodePort === undefined ? { nodePorts } : { nodePorts, healthCheckNodePort });
  }
  return given;
}

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
    const refuse = (reason: string): void => {
      const text = `spec.ports[${index}].nodePort: Invalid value: ${nodePort}: ${reason}`;
      problems.push({ ref, text });
    };
    const owner = taken.get(nodePort) ?? ref;
    if (nodePort < NODE_PORT_MIN || nodePort > NODE_PORT_MAX) {
      const range = `The range of valid ports is ${NODE_PORT_MIN}-${NODE_PORT_MAX}`;
      refuse(`provided port is not in the valid range. ${range}`);
    } else if (owner !== ref) refuse('provided port is already allocated');
    else taken.set(nodePort, ref);
  }
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
