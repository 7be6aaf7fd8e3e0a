/** What eBPF programs tell: the kinds of steps that only they have. */
import type { IpPacket } from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';
import type { NsId } from '../config.ts';
import type { Origin } from '../origin.ts';
import type { RouteResult } from '../routing/fib.ts';
import type { BpfAttachment } from './attach.ts';
import type { BpfEntry, BpfRecord } from './map.ts';

export type BpfVerdictName =
  | 'pass'
  | 'redirect'
  | 'redirect-ingress'
  | 'redirect-peer'
  | 'redirect-neigh'
  | 'reply'
  | 'proxy'
  | 'drop';

/** Why a program rewrote an address. */
export type BpfNatCause = 'service' | 'reverse-service' | 'snat' | 'reverse-snat';

export interface SocketAddress {
  readonly ip: Ip;
  readonly port: number;
}

export type BpfEvent =
  /** A program begins, at its hook or called by another one. */
  | { readonly kind: 'bpf-run'; readonly program: string; readonly attachment: BpfAttachment }
  | {
      readonly kind: 'bpf-map';
      readonly program: string;
      readonly map: string;
      readonly op: 'lookup' | 'update';
      readonly key: BpfRecord;
      /** Null: nothing was found. */
      readonly entry: BpfEntry | null;
    }
  | {
      readonly kind: 'bpf-nat';
      readonly program: string;
      readonly cause: BpfNatCause;
      readonly before: IpPacket;
      readonly after: IpPacket;
    }
  /** A draw: one of several, with equal chances (bpf_get_prandom_u32). */
  | {
      readonly kind: 'bpf-choice';
      readonly program: string;
      readonly of: readonly string[];
      readonly index: number;
      /** The same client will be given the same again. */
      readonly isKept: boolean;
    }
  /** The helper bpf_fib_lookup: the kernel's routing tables, asked by a program. */
  | { readonly kind: 'bpf-fib'; readonly program: string; readonly dst: Ip; readonly route: RouteResult }
  /** What the program reports to its agent: one event of the flow log. */
  | {
      readonly kind: 'bpf-notify';
      readonly program: string;
      /** `to-endpoint`, `to-overlay`, `policy-verdict` … */
      readonly point: string;
      /** Security identities of both ends, 0 for unknown. */
      readonly src: number;
      readonly dst: number;
      /** How the program's connection table knows the packet. */
      readonly ct: 'new' | 'established' | 'reply' | 'related' | 'unknown';
      readonly dropped?: string;
      /** What a proxy saw in it: `HTTP/1.1 GET http://10.244.1.2/`. */
      readonly request?: string;
    }
  /** A program asked a policy about who sends or gets the packet. `origin`: of what decided. */
  | {
      readonly kind: 'bpf-policy';
      readonly program: string;
      readonly direction: 'ingress' | 'egress';
      /** Security identities of both ends. */
      readonly src: number;
      readonly dst: number;
      readonly isAllowed: boolean;
      /** What of the packet the deciding entry names: `L3-L4`, `all`, `none` … */
      readonly match: string;
      readonly origin?: Origin;
    }
  | {
      readonly kind: 'bpf-verdict';
      readonly program: string;
      readonly verdict: BpfVerdictName;
      /** Where a redirect leads. */
      readonly to?: { readonly ns: NsId; readonly dev: string };
      /** Bits that the packet carries on, where the program set them. */
      readonly mark?: number;
    }
  /** A socket call was translated: before a packet exists, or, for an answer, after it arrived. */
  | {
      readonly kind: 'bpf-sock';
      readonly program: string;
      readonly call: 'connect4' | 'sendmsg4' | 'recvmsg4';
      readonly before: SocketAddress;
      /** Null: the call fails. */
      readonly after: SocketAddress | null;
    };
