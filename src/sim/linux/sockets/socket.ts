/** Sockets: the ends of a conversation. Programs are told what happens through `notify`; they know nothing of the network. */
import type { DnsMessage } from '../../wire/dns.ts';
import type { PortProtocol, Protocol } from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';
import type { Listener } from '../config.ts';
import type { Kernel } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import type { StepBody } from '../step.ts';

export type TcpPhase = 'SYN_SENT' | 'SYN_RECV' | 'ESTABLISHED' | 'CLOSING' | 'CLOSED';

export interface Socket {
  readonly proto: Protocol;
  readonly local: { readonly ip: Ip; readonly port: number };
  readonly remote: { readonly ip: Ip; readonly port: number };
  phase: TcpPhase;
  /** Next sequence number to send, and next one expected. Relative: every side starts at 0. */
  seq: number;
  ack: number;
  /** Grows with each retransmission: the flow then hashes anew (`sk_rethink_txhash`). */
  attempt: number;
  readonly options: SocketOptions;
  readonly program: string;
  /** The listener that this connection was accepted from; null for a client. */
  readonly listener: Listener | null;
  readonly notify: (event: SocketEvent) => void;
  /** Set where programs at the socket hooks of the node saw this socket. */
  readonly calls?: SocketCalls | undefined;
}

export interface SocketCalls {
  /** The socket's number on its node. */
  readonly cookie: string;
  /** What they did when it was opened: told with the first packet. */
  readonly told: readonly StepBody[];
}

export interface SocketOptions {
  readonly ttl?: number | undefined;
  /** IP_MTU_DISCOVER: `do` refuses oversize packets, `dont` never sets DF; default sets DF where the packet fits. */
  readonly df?: 'do' | 'dont' | undefined;
}

/** What a program learns. `step` is the trace step that told it. */
export type SocketEvent =
  | { readonly kind: 'connected' | 'accepted' | 'closed'; readonly step: number }
  | {
      readonly kind: 'data';
      readonly bytes: number;
      readonly from: Ip;
      readonly ttl: number;
      readonly step: number;
      readonly dns?: DnsMessage | undefined;
    }
  | {
      readonly kind: 'error';
      readonly errno: Errno;
      readonly step: number;
      readonly icmp?: { readonly name: string; readonly from: Ip; readonly mtu?: number };
    };

export type Errno =
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EHOSTUNREACH'
  | 'ENETUNREACH'
  | 'EMSGSIZE'
  | 'EACCES'
  | 'EINVAL'
  | 'EPERM'
  | 'ENOPROTOOPT';

export interface Endpoints {
  readonly srcIp: Ip;
  readonly srcPort: number;
  readonly dstIp: Ip;
  readonly dstPort: number;
}

/** The socket that an arriving packet belongs to: its source is the socket's remote end. */
export function findSocket(ns: Netns, proto: Protocol, e: Endpoints): Socket | undefined {
  return ns.memory.sockets.find(
    (s) =>
      s.proto === proto &&
      s.phase !== 'CLOSED' &&
      s.local.ip === e.dstIp &&
      s.local.port === e.dstPort &&
      s.remote.ip === e.srcIp &&
      s.remote.port === e.srcPort,
  );
}

export function findListener(ns: Netns, proto: PortProtocol, ip: Ip, port: number): Listener | undefined {
  return ns.listeners.find((l) => l.proto === proto && l.port === port && (l.ip === undefined || l.ip === ip));
}

/** What the flow hashes to on this side (`sk_txhash`). */
export function flowKeyOf(ns: Netns, socket: Socket): string {
  return `${ns.id}|${socket.proto}|${socket.local.port}|${socket.remote.ip}:${socket.remote.port}|${socket.attempt}`;
}

/** The number of the latest step: what has just been told. */
export const lastStep = (k: Kernel): number => k.steps.length - 1;
