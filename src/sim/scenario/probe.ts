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

export type ProbeProto = PortProtocol | 'ping' | 'traceroute';

/** Whether such a probe goes to a port. */
export const hasPort = (proto: ProbeProto): proto is PortProtocol => proto !== 'ping' && proto !== 'traceroute';

/** `ref` is `namespace/name`. */
export type ProbeFrom =
  | { readonly kind: 'pod'; readonly ref: string }
  | { readonly kind: 'node'; readonly ref: string }
  | { readonly kind: 'external'; readonly ref: string };

export type ProbeTo =
  | ProbeFrom
  /** `via` name: resolved like a program would (a lookup step); clusterIP: the address was typed. */
  | { readonly kind: 'service'; readonly ref: string; readonly via: 'name' | 'clusterIP' }
  | { readonly kind: 'ip'; readonly ip: string };

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
  /** How long the program waits, in milliseconds of virtual time. */
  readonly waitMs?: number;
}
