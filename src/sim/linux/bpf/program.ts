/**
 * eBPF programs are functions of what they are given: the packet, what was loaded into them and the maps. They change nothing: what
 * they decide, write and tell is their result (`run.ts` collects it), and the kernel carries it out.
 */
import type { DnsMessage } from '../../wire/dns.ts';
import type { Frame, IpPacket } from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';
import type { Mac } from '../../wire/mac.ts';
import type { Origin } from '../origin.ts';
import type { RouteResult } from '../routing/fib.ts';
import type { TunnelKey } from '../skb.ts';
import type { BpfEvent, BpfNatCause, SocketAddress } from './events.ts';
import type { BpfMapKind } from './kind.ts';
import type { BpfRecord } from './map.ts';

export type TcVerdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'drop'; readonly code: number; readonly reason: string }
  /** bpf_redirect: out of a device, or as if it came in there. */
  | { readonly kind: 'redirect'; readonly dev: string; readonly ingress?: true }
  /** bpf_redirect_peer: straight into the namespace at the other end of a cable. */
  | { readonly kind: 'redirect-peer'; readonly dev: string }
  /** bpf_redirect_neigh: out of a device, the kernel finds the MAC of the next hop. */
  | { readonly kind: 'redirect-neigh'; readonly dev: string; readonly nextHop: Ip }
  /** The frame, rewritten into an answer, goes back where it came from. */
  | { readonly kind: 'reply'; readonly what: string; readonly packet: IpPacket }
  /** A process on the node gets the packet in place of whom it is for, and answers as if it were he. */
  | { readonly kind: 'proxy'; readonly by: string; readonly answer: ProxyAnswer };

export type ProxyAnswer = { readonly note: string; readonly rest: string } | { readonly dns: DnsMessage };

export const PASS: TcVerdict = { kind: 'pass' };

/** Maps and chance, for every kind of program. */
export interface BpfMaps {
  lookup<K extends BpfRecord, V extends BpfRecord>(kind: BpfMapKind<K, V>, key: K, suffix?: string | number): V | null;
  longest<K extends BpfRecord, V extends BpfRecord>(kind: BpfMapKind<K, V>, address: Ip): V | null;
  /** As `lookup`, but not told: what a helper function of the program reads again. */
  peek<K extends BpfRecord, V extends BpfRecord>(kind: BpfMapKind<K, V>, key: K, suffix?: string | number): V | null;
  /** Who wrote what `lookup` finds, and why. */
  originOf<K extends BpfRecord, V extends BpfRecord>(
    kind: BpfMapKind<K, V>,
    key: K,
    suffix?: string | number,
  ): Origin | undefined;
  update<K extends BpfRecord, V extends BpfRecord>(
    kind: BpfMapKind<K, V>,
    key: K,
    value: V,
    suffix?: string | number,
    origin?: Origin,
  ): void;
  /** bpf_get_prandom_u32, to choose one of several; `isKept`: for this client, for good. */
  choose(of: readonly string[], isKept: boolean): number;
  readonly nowNs: number;
}

/** What a tc program sees and may do. */
export interface TcContext extends BpfMaps {
  readonly conf: BpfRecord;
  readonly program: string;
  readonly frame: Frame;
  readonly packet: IpPacket;
  readonly mark: number;
  /** How the packet came out of a tunnel. */
  readonly tunnel: TunnelKey | null;
  setMark(mark: number): void;
  setMacs(smac: Mac | null, dmac: Mac | null): void;
  setTunnel(key: TunnelKey): void;
  nat(cause: BpfNatCause, after: IpPacket): void;
  /** False: the TTL is used up. */
  lowerTtl(): boolean;
  fib(dst: Ip): RouteResult;
  notify(note: {
    readonly point: string;
    readonly src: number;
    readonly dst: number;
    readonly ct: 'new' | 'established' | 'reply' | 'related' | 'unknown';
    readonly dropped?: string;
    readonly request?: string;
  }): void;
  /** Tells what a policy said; the `origin` of an entry of a map, or of the lack of one. */
  policy(note: Omit<Extract<BpfEvent, { kind: 'bpf-policy' }>, 'kind' | 'program'>): void;
  /** Runs the program in a slot of a program array on this packet; undefined: the slot is empty. */
  tailCall(array: string, index: number, conf?: BpfRecord): TcVerdict | undefined;
}

export interface TcProgram {
  readonly id: string;
  readonly hook: 'tc';
  /** One clause: "what leaves a pod". */
  readonly about: string;
  readonly run: (ctx: TcContext) => TcVerdict;
  /** The program itself answers ARP requests that come in where it is attached, for this address? */
  readonly answersArp?: (conf: BpfRecord, target: Ip) => boolean;
}

export type SockVerdict =
  | { readonly kind: 'proceed'; readonly address: SocketAddress }
  | { readonly kind: 'reject'; readonly errno: 'EHOSTUNREACH' | 'EPERM' };

export interface SockContext extends BpfMaps {
  readonly conf: BpfRecord;
  readonly proto: 'tcp' | 'udp';
  readonly address: SocketAddress;
  /** Of the socket, unique on the node. */
  readonly cookie: string;
  /** Of the namespace that the socket is in. */
  readonly netns: string;
}

export interface SockProgram {
  readonly id: string;
  readonly hook: 'connect4' | 'sendmsg4' | 'recvmsg4';
  readonly about: string;
  readonly run: (ctx: SockContext) => SockVerdict;
}

export type BpfProgram = TcProgram | SockProgram;
export type BpfPrograms = ReadonlyMap<string, BpfProgram>;
