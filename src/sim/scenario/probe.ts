import type { DnsType } from '../wire/dns.ts';
import type { PortProtocol } from '../wire/frame.ts';

/** What the person sends. Ends are objects, not addresses, so that they survive a change of addresses. */
export interface Probe {
  readonly from: ProbeFrom;
  readonly to: ProbeTo;
  readonly proto: ProbeProto;
  /** Destination port; none for ping and traceroute. */
  readonly port?: number;
  readonly options?: ProbeOptions;
}

/** Programs that ask a name server, and nothing else. */
export type NameTool = 'nslookup' | 'dig';
export type ProbeProto = PortProtocol | 'ping' | 'traceroute' | NameTool;

/** Whether such a probe goes to a port. */
export const hasPort = (proto: ProbeProto): proto is PortProtocol =>
  proto !== 'ping' && proto !== 'traceroute' && !isNameTool(proto);

export const isNameTool = (proto: ProbeProto): proto is NameTool => proto === 'nslookup' || proto === 'dig';

/** `ref` is `namespace/name`. */
export type ProbeFrom =
  | { readonly kind: 'pod'; readonly ref: string }
  | { readonly kind: 'node'; readonly ref: string }
  | { readonly kind: 'external'; readonly ref: string };

export type ProbeTo =
  | ProbeFrom
  | { readonly kind: 'service'; readonly ref: string; readonly via: ServiceWay }
  | { readonly kind: 'ip'; readonly ip: string }
  /** As a program is given it, with or without a dot at the end: looked up by the resolver of whoever sends the probe. */
  | { readonly kind: 'name'; readonly name: string };

/** What a program is given for a Service by name: short, and good in every namespace. `shop/api` is `api.shop`. */
export function serviceHost(ref: string): string {
  const [namespace = '', name = ''] = ref.split('/');
  return `${name}.${namespace}`;
}

/** `name`: resolved as a program would. Else the address was typed: the first one where a Service has several. A node port is an end of its node. */
export type ServiceWay = 'name' | 'clusterIP' | 'loadBalancer' | 'externalIP';

/** How names are asked for. */
export interface DnsOptions {
  /** A unless said. */
  readonly type?: DnsType;
  /** The address of the server; absent: as `/etc/resolv.conf` says. */
  readonly server?: string;
  readonly tcp?: true;
  /** A and AAAA of one socket meet on two CPUs, and clash in connection tracking where they are sent to two endpoints. */
  readonly race?: true;
  /** dig: with the search list. */
  readonly search?: true;
}

export interface ProbeOptions {
  readonly ttl?: number;
  /** Payload bytes (UDP data, ICMP data, or the TCP request body). */
  readonly sizeBytes?: number;
  readonly df?: 'do' | 'dont';
  /** An address put on the sender's loopback and used as source. */
  readonly src?: string;
  /** `ip:port` of the endpoint that the random choice should fall on. */
  readonly endpoint?: string;
  /** TCP: what is asked for, `/` unless said. */
  readonly path?: string;
  /** TCP: stop after the handshake. */
  readonly handshakeOnly?: boolean;
  /** `curl -4`, `ping -6`: which address of an end that has both. Absent: the first one. A typed address tells its own family. */
  readonly family?: 'IPv4' | 'IPv6';
  /** Of a name that is looked up; most of it for nslookup and dig. */
  readonly dns?: DnsOptions;
  /** How long the program waits, in milliseconds of virtual time. */
  readonly waitMs?: number;
}
