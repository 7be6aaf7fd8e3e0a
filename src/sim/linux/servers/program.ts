/**
 * Processes behind a port: functions of what comes in, of what they were started with and of what they remember. They change nothing:
 * what they send, keep and tell is their result, and the kernel carries it out. Configuration names them by id (`Listener.server`).
 */
import type { DnsMessage } from '../../wire/dns.ts';
import type { Ip } from '../../wire/ip.ts';
import type { NameEvent } from './events.ts';

export interface ServerProgram {
  readonly id: string;
  readonly run: (event: ServerEvent, at: ServerScene) => ServerResult;
}

export type ServerPrograms = ReadonlyMap<string, ServerProgram>;

/** `client` tells those apart who wait for an answer; `asked` the questions that the server itself has sent. */
export type ServerEvent =
  | {
      readonly kind: 'query';
      readonly client: number;
      readonly message: DnsMessage;
      readonly proto: 'udp' | 'tcp';
      readonly from: Ip;
    }
  | { readonly kind: 'answer'; readonly asked: string; readonly message: DnsMessage }
  /** No answer came in time, or an error instead. */
  | { readonly kind: 'failure'; readonly asked: string; readonly errno: string };

export interface ServerScene {
  /** What it was started with. */
  readonly conf: object;
  /** What it kept; undefined at the start. */
  readonly state: unknown;
  readonly nowNs: number;
  /** A number from 0 up to, not including, `below`. */
  readonly draw: (below: number) => number;
}

export interface ServerResult {
  readonly state: unknown;
  readonly told: readonly NameEvent[];
  readonly replies: readonly { readonly client: number; readonly message: DnsMessage }[];
  readonly questions: readonly ServerQuestion[];
}

/** A question of the server's own, to another server. */
export interface ServerQuestion {
  readonly asked: string;
  readonly to: Ip;
  readonly message: DnsMessage;
  readonly waitMs: number;
  /** Over TCP, also where the first question came in a datagram. */
  readonly tcp?: true;
}

export interface ServerMemory {
  state: unknown;
  clients: number;
  /** How to answer those who wait. */
  readonly waiting: Map<number, (message: DnsMessage) => void>;
}
