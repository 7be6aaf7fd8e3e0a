/** Where a service port is reached, decided once for the virtual servers, the sets and the addresses of kube-ipvs0. */
import type { Ip } from '../../../../wire/ip.ts';
import { cidrHas, LOOPBACK_NET } from '../../../../wire/ip.ts';
import type { NodeView, ProxyOptions } from '../options.ts';
import type { ServicePort } from '../service-port.ts';

export interface NodePlaces {
  /** Every address of the node of this family, but not those of kube-ipvs0: a Service's address among them is not bound again. */
  readonly own: ReadonlySet<Ip>;
  /** Those that serve node ports. */
  readonly nodePorts: readonly Ip[];
}

/** Loopback serves no node ports: IPVS does not lead packets from 127.0.0.1 to another host. */
export function placesOf({ localAddresses, family }: NodeView, { nodePortAddresses }: ProxyOptions): NodePlaces {
  const own = localAddresses.filter((ip) => !isLoopback(ip) && !isLinkLocal(ip));
  const nets = nodePortAddresses.filter((net) => net.family === family);
  const servesAll = nets.length === 0 || nets.some((net) => net.prefix === 0);
  return { own: new Set(own), nodePorts: own.filter((ip) => servesAll || nets.some((net) => cidrHas(net, ip))) };
}

const isLoopback = (ip: Ip): boolean => ip === '::1' || cidrHas(LOOPBACK_NET, ip);
/** fe80::/10. */
const isLinkLocal = (ip: Ip): boolean => /^fe[89ab]/.test(ip);

/** The addresses that kube-proxy puts on kube-ipvs0, each once. */
export function boundAddresses(ports: readonly ServicePort[], { own }: NodePlaces): Ip[] {
  const found = new Set<Ip>();
  for (const port of ports) {
    found.add(port.clusterIP);
    for (const ip of port.externalIPs) if (!own.has(ip)) found.add(ip);
    for (const ip of port.loadBalancerIPs) if (!own.has(ip)) found.add(ip);
  }
  return [...found];
}
