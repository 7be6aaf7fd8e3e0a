/** Addresses for Services of type LoadBalancer: what a cloud's service controller, or MetalLB's, writes into `status.loadBalancer.ingress`. */
import { hash32 } from '../base/rng.ts';
import { type Cidr, cidrsOverlap, type Ip, intToIp, ipToInt } from '../wire/ip.ts';
import type { AddressPool, Listening } from './cluster.ts';
import type { ClusterNote, ClusterProblem } from './cluster-input.ts';
import type { ServiceObject } from './objects.ts';
import { objectRef } from './objects-merge.ts';

/** Who watches Services of type LoadBalancer, as far as the API sees it. */
export interface LoadBalancerController {
  /** As it signs: `cloud-controller-manager`. */
  readonly by: string;
  readonly ipMode: 'VIP' | 'Proxy';
  /** The name of its machine on the node network; absent: it has none. */
  readonly machine?: string;
  /** It sends to node ports, so it can do nothing for a Service without them. */
  readonly needsNodePorts: boolean;
  pool(nodeNetwork: Cidr): AddressPool;
  /** What its program on every node listens on. */
  readonly listens?: readonly Listening[];
  /** kube-proxy's IPVS mode must be told not to let every node answer ARP for its addresses (`strictARP`). */
  readonly needsStrictArp?: boolean;
  /** Its words when it cannot give the address that `loadBalancerIP` asks for. */
  refusesAddress(asked: string, why: 'outside' | 'taken'): string;
}

export interface LoadBalancerAddresses {
  /** By the reference of the Service. */
  readonly given: ReadonlyMap<string, Ip>;
  readonly notes: readonly ClusterNote[];
}

const NOBODY =
  'EXTERNAL-IP <pending>: nobody in this cluster gives out load balancers. Choose one under "Load balancer"';
const OTHER_FAMILY = 'EXTERNAL-IP <pending>: load balancers are given IPv4 addresses here, and this Service has none';
const FULL = 'no address is left in the pool';

/** Wished-for addresses come first. SIMPLIFIED: the others follow from names, where a real controller takes the next free one. */
export function allocateLoadBalancers(
  services: readonly ServiceObject[],
  controller: LoadBalancerController | undefined,
  pool: AddressPool | undefined,
  isIpv4: (service: ServiceObject) => boolean = () => true,
): LoadBalancerAddresses {
  const notes: ClusterNote[] = [];
  const given = new Map<string, Ip>();
  const pend = (service: ServiceObject, text: string): void =>
    void notes.push({ kind: 'pending', ref: objectRef(service), text });
  const asked = services.filter(({ type }) => type === 'LoadBalancer');
  const served = asked.filter((service) => {
    const reason = leavesAlone(service, controller) ?? (pool && isIpv4(service) ? null : OTHER_FAMILY);
    if (reason !== null) pend(service, reason);
    return reason === null;
  });
  if (!controller || !pool) return { given, notes };
  const taken = new Set<Ip>();
  for (const service of served) {
    const wish = service.loadBalancerIP;
    if (wish === undefined) continue;
    const reason = !isIn(pool, wish as Ip) ? 'outside' : taken.has(wish as Ip) ? 'taken' : null;
    if (reason !== null) pend(service, `EXTERNAL-IP <pending>: ${controller.refusesAddress(wish, reason)}`);
    else take(service, wish as Ip);
  }
  for (const service of served) {
    if (service.loadBalancerIP !== undefined) continue;
    const address = freeAddress(pool, `${service.namespace}/${service.name}`, taken);
    if (address === null) pend(service, `EXTERNAL-IP <pending>: ${FULL} (${pool.text})`);
    else take(service, address);
  }
  return { given, notes };

  function take(service: ServiceObject, address: Ip): void {
    taken.add(address);
    given.set(objectRef(service), address);
  }
}

/** Why a Service waits whatever addresses there are; null: it is served. */
function leavesAlone(service: ServiceObject, controller: LoadBalancerController | undefined): string | null {
  const { loadBalancerClass, allocateLoadBalancerNodePorts, ports } = service;
  if (loadBalancerClass !== undefined)
    return `EXTERNAL-IP <pending>: nobody in this cluster answers to the loadBalancerClass ${loadBalancerClass}`;
  if (!controller) return NOBODY;
  const isWithoutPorts =
    allocateLoadBalancerNodePorts === false && ports.some(({ nodePort }) => nodePort === undefined);
  if (controller.needsNodePorts && isWithoutPorts)
    return 'EXTERNAL-IP <pending>: this load balancer sends to node ports, and allocateLoadBalancerNodePorts is false';
  return null;
}

function isIn({ first, last }: AddressPool, address: Ip): boolean {
  if (!/^[\d.]+$/.test(address)) return false;
  const at = ipToInt(address);
  return at >= ipToInt(first) && at <= ipToInt(last);
}

function freeAddress({ first, last }: AddressPool, key: string, taken: ReadonlySet<Ip>): Ip | null {
  const base = ipToInt(first);
  const size = ipToInt(last) - base + 1;
  const start = hash32(key) % size;
  for (let step = 0; step < size; step++) {
    const address = intToIp(base + ((start + step) % size));
    if (!taken.has(address)) return address;
  }
  return null;
}

/** A pool of its own must not be somebody else's addresses. */
export function checkPool(
  controller: LoadBalancerController,
  nodeNetwork: Cidr,
  others: readonly (readonly [string, Cidr])[],
): readonly ClusterProblem[] {
  const { net } = controller.pool(nodeNetwork);
  if (!net) return [];
  return others
    .filter(([, range]) => cidrsOverlap(net, range))
    .map(([name, range]) => ({
      ref: 'cluster',
      text: `The addresses of load balancers ${net.text} overlap ${name} ${range.text}`,
    }));
}
